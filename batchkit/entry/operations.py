"""One order of a schedule, from the operations job's command line to its exit code."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from batchkit.aws.clients import Clients
from batchkit.entry.guarded import exit_code
from batchkit.errors import EX_OK, Interrupted
from batchkit.runs import operations
from batchkit.worker.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batchkit.worker.stop import Stop


def run(argv: Sequence[str], environ: Mapping[str, str], flag: Stop, clients: Clients | None = None) -> int:
    """Carry out the order; the exit code. `flag` says when to stop. Writes log lines to stdout."""
    telemetry = Telemetry(sys.stdout)
    return exit_code(
        lambda: _operate(argv, environ, telemetry, flag, clients or Clients()), telemetry, "the operation"
    )


def _operate(
    argv: Sequence[str], environ: Mapping[str, str], telemetry: Telemetry, flag: Stop, clients: Clients
) -> int:
    errand = operations.read(argv, environ)
    telemetry.log("operation", order=str(errand.order), scheduled=errand.time)
    bulk = operations.compose(errand, clients)
    try:
        with tempfile.TemporaryDirectory(prefix="batchkit-") as folder:
            outcome = operations.carry_out(
                errand, bulk, Path(folder), lambda step: telemetry.log(str(step)), lambda: flag.requested
            )
    except Interrupted as error:
        if flag.requested:
            raise
        # Nobody told this process to stop: another delivery took the run over, or a person cancelled it.
        telemetry.trouble("another goes on with the run", error)
        return EX_OK
    telemetry.log("operation done", **asdict(outcome))
    return EX_OK
