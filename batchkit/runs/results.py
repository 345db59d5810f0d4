"""An item as it is now, and what a run's children account for: what `outcomes` makes its answers of."""

from __future__ import annotations

from array import array
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from batchkit.planning.diagnoses import NO_REPORT, Diagnosis
from batchkit.planning.failures import diagnose, failure_class
from batchkit.planning.records import ChildFailure
from batchkit.planning.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Result:
    """An item of a run, as it is now: `run` is the one that had the last word.

    `outcome` is "" while nothing is known; the class is "" for good items.
    """

    outcome: str
    bucket: str
    key: str
    task: str
    output: str = ""
    bytes: int = 0
    milliseconds: int = 0
    attempt: int = 0
    failure_class: str = ""
    error_class: str = ""
    message: str = ""
    run: str = ""

    @property
    def is_bad(self) -> bool:
        return self.outcome in (Outcome.REJECTED, Outcome.FAILED)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Children:
    """How many items each child accounts for, and what Batch said of the dead ones."""

    def __init__(self, records: Iterable[Mapping[str, Any]], children: int) -> None:
        self.items = array("q", bytes(8 * children))
        self.failures: dict[int, ChildFailure] = {}
        for record in records:
            if "counts" in record:
                counts = record["counts"]
                self.items[record["child"]] = sum(counts[outcome.value] for outcome in Outcome)
            if "failure" in record:
                failure = ChildFailure(**record["failure"])
                self.failures[failure.child] = failure

    def why(self, child: int) -> Diagnosis:
        """What became of a child that does not account for all of its items."""
        failure = self.failures.get(child)
        return (
            diagnose(failure.exit_code, failure.status_reason, failure.reason)
            if failure is not None
            else NO_REPORT
        )


def of_record(item: Mapping[str, Any]) -> Result:
    """What the ledger holds of an item."""
    outcome = Outcome(item["outcome"])
    bad = outcome in (Outcome.REJECTED, Outcome.FAILED)
    rejected = outcome is Outcome.REJECTED
    names = ("bucket", "key", "task", "output", "bytes", "milliseconds", "attempt", "run")
    return Result(
        outcome=outcome.value,
        failure_class=failure_class(item["error_class"], rejected=rejected).value if bad else "",
        error_class=item.get("error_class", ""),
        message=item.get("message", ""),
        **{name: item[name] for name in names},
    )


def lost(result: Result, why: Diagnosis) -> Result:
    """An item without a record: it has failed as its child has."""
    return Result(
        outcome=Outcome.FAILED.value,
        bucket=result.bucket,
        key=result.key,
        task=result.task,
        failure_class=why.failure_class.value,
        error_class=why.error_class,
        message=why.message,
        run=result.run,
    )
