"""From an exception to an exit code, with a line in the log that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.errors import EX_SOFTWARE, BatchkitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.worker.telemetry import Telemetry


def exit_code(work: Callable[[], int], telemetry: Telemetry, who: str) -> int:
    """What `work` returns; the code of the error that it raises. `who` does it: "the child"."""
    try:
        return work()
    except BatchkitError as error:
        telemetry.trouble(f"{who} cannot go on", error)
        return error.exit_code
    except Exception as error:
        telemetry.crash(f"{who} met a bug of batchkit's", error)
        return EX_SOFTWARE
