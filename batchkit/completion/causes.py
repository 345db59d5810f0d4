"""Why a child failed, in one word to group by and one sentence for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.planning.diagnoses import Diagnosis
from batchkit.planning.failures import diagnose

if TYPE_CHECKING:
    from batchkit.planning.records import ChildFailure


def cause(failure: ChildFailure) -> Diagnosis:
    """What made a child fail for good."""
    return diagnose(failure.exit_code, failure.status_reason, failure.reason)
