"""What every container starts: `python -m batchkit.entry.worker COMMAND…`, a child or an operation.

boto3 reads the standard AWS variables from the process's environment; all others come in as `environ`.
The imports take a third of a second, in which a stop must not be lost: as process 1 of a container, a
process without a handler ignores SIGTERM. So the handler comes first, and the imports after it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from batchkit.worker import stop

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients

OPERATIONS = ["operate"]

Main = Callable[[Sequence[str], Mapping[str, str]], int]


def main(argv: Sequence[str], environ: Mapping[str, str], clients: Clients | None = None) -> int:
    """Do the child or the operation that `argv` and `environ` describe; its exit code (see batchkit.errors).

    Only for the main thread: it listens to SIGTERM while it runs. Writes log lines to stdout.
    """
    with stop.listening() as flag:
        if argv[:1] == OPERATIONS:
            from batchkit.entry import operations  # noqa: PLC0415 (see above)

            return operations.run(argv, environ, flag, clients)
        from batchkit.entry import child  # noqa: PLC0415 (see above)

        return child.run(argv, environ, flag, clients)


def preload(*uses: str) -> Main:
    """A `main` that has imported everything, these jobs included, and has its clients: for forks.

    Building the clients is most of what a small child does. They open no connection before they are used,
    and no thread is started, so forks can share them. Raises ConfigError for a job that is not installed.
    """
    from batchkit.entry import child  # noqa: PLC0415 (see above)

    return partial(main, clients=child.warm(uses))


if __name__ == "__main__":
    code = main(sys.argv[1:], os.environ)
    sys.stdout.flush()
    # Not sys.exit: it waits for a download that a stop left behind, and SIGKILL would come first.
    os._exit(code)
