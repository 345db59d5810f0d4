"""One child, from its command line to its exit code: reads what it is to do, and composes who does it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from batchkit import recipe as recipes
from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.aws.objects import Objects
from batchkit.entry import limits
from batchkit.entry.guarded import exit_code
from batchkit.errors import EX_OK
from batchkit.planning.resources import job_memory
from batchkit.worker import shard
from batchkit.worker.assignment import read_assignment, read_place
from batchkit.worker.cell import Limits
from batchkit.worker.child import Child, Threads
from batchkit.worker.isolation import Isolated, is_possible
from batchkit.worker.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from batchkit.recipe import Recipe
    from batchkit.worker.assignment import Place
    from batchkit.worker.stop import Stop


def run(argv: Sequence[str], environ: Mapping[str, str], flag: Stop, clients: Clients | None = None) -> int:
    """Do the child; its exit code. `flag` says when to stop. Writes log lines to stdout."""
    telemetry = Telemetry(sys.stdout)
    return exit_code(
        lambda: _work(argv, environ, telemetry, flag, clients or Clients()), telemetry, "the child"
    )


def warm(uses: Iterable[str]) -> Clients:
    """Import these jobs, and build the clients that a child uses. Raises ConfigError."""
    for name in uses:
        recipes.find_job(name)
    clients = Clients()
    Objects(clients.s3)
    Ledger(clients.dynamodb, "")
    return clients


def _work(
    argv: Sequence[str],
    environ: Mapping[str, str],
    telemetry: Telemetry,
    flag: Stop,
    clients: Clients,
) -> int:
    assignment, place = read_assignment(argv, environ), read_place(environ)
    telemetry.identify(assignment)
    objects = Objects(clients.s3)
    recipe = shard.load_recipe(objects, place.artifacts, assignment.recipe)
    if not assignment.shape(len(recipe.tasks)).shard(assignment.child):
        telemetry.log("nothing to do: this child is beyond the last item")
        return EX_OK
    works = shard.load(objects, place.artifacts, assignment, recipe.tasks)
    ledger = Ledger(clients.dynamodb, place.ledger)
    lanes = min(place.lanes, len(works))
    with _isolated(_bounded(recipe, place, lanes, environ), lanes) as safe:
        child = Child(
            assignment=assignment,
            place=place,
            recipe=safe,
            objects=objects,
            ledger=ledger,
            telemetry=telemetry,
            stop=flag,
            threads=Threads(lanes),
        )
        return child.run(works)


def _bounded(recipe: Recipe, place: Place, lanes: int, environ: Mapping[str, str]) -> Recipe:
    """The recipe whose job, if it can, keeps to what each lane has of the child's memory."""
    memory = limits.memory(environ)
    return recipe if memory is None else recipe.within(job_memory(memory, place.max_bytes, lanes))


@contextmanager
def _isolated(recipe: Recipe, lanes: int) -> Iterator[Recipe]:
    """The recipe whose job runs in processes of its own, where the system can do that."""
    if not is_possible():
        yield recipe
        return
    job = Isolated(recipe, lanes=lanes, limits=Limits())
    try:
        yield replace(recipe, job=job)
    finally:
        job.close()
