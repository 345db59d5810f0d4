"""What every container starts: `python -m batchkit.entry.worker COMMAND…`, one child of a run.

boto3 reads the standard AWS variables from the process's environment; all others come in as `environ`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from batchkit import recipe as recipes
from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.aws.objects import Objects
from batchkit.errors import EX_OK, EX_SOFTWARE, BatchkitError
from batchkit.worker import shard, stop
from batchkit.worker.assignment import read_assignment, read_place
from batchkit.worker.child import Child
from batchkit.worker.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batchkit.worker.stop import Stop


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do the child that `argv` and `environ` describe; its exit code (see batchkit.errors).

    Only for the main thread: it listens to SIGTERM while it runs. Writes log lines to stdout.
    """
    telemetry = Telemetry(sys.stdout)
    with stop.listening() as flag:
        try:
            return _work(argv, environ, telemetry, flag)
        except BatchkitError as error:
            telemetry.trouble("the child cannot start", error)
            return error.exit_code
        except Exception as error:
            telemetry.crash("the child met a bug of batchkit's", error)
            return EX_SOFTWARE


def preload(*uses: str) -> None:
    """Import these jobs, so that children forked from this process need not. Raises ConfigError.

    What the worker itself needs came with this module. It starts no thread and opens no connection.
    """
    for name in uses:
        recipes.find_job(name)


def _work(argv: Sequence[str], environ: Mapping[str, str], telemetry: Telemetry, flag: Stop) -> int:
    assignment, place = read_assignment(argv, environ), read_place(environ)
    telemetry.identify(assignment)
    clients = Clients()
    objects = Objects(clients.s3)
    recipe = shard.load_recipe(objects, place.artifacts, assignment.recipe)
    if not assignment.shape(len(recipe.tasks)).shard(assignment.child):
        telemetry.log("nothing to do: this child is beyond the last item")
        return EX_OK
    works = shard.load(objects, place.artifacts, assignment, recipe.tasks)
    ledger = Ledger(clients.dynamodb, place.ledger)
    child = Child(
        assignment=assignment,
        place=place,
        recipe=recipe,
        objects=objects,
        ledger=ledger,
        telemetry=telemetry,
        stop=flag,
    )
    return child.run(works)


if __name__ == "__main__":
    code = main(sys.argv[1:], os.environ)
    sys.stdout.flush()
    # Not sys.exit: it waits for a download that a stop left behind, and SIGKILL would come first.
    os._exit(code)
