"""The ledger as those see it who start and follow runs: runs, their jobs, and intents.

An intent says which run a command has begun. It carries who works on that run: whoever repeats the
command takes it over, and the one before must stop. Every write is conditional and may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from batchkit.aws.ledger import INDEX, Ledger
from batchkit.errors import InternalError
from batchkit.planning import names
from batchkit.planning.states import RunState

if TYPE_CHECKING:
    from batchkit.planning.backfill import Plan

BULK = "bulk"

# DynamoDB deletes a record some time after `expires`; nobody continues a command after so long.
INTENT_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Intent:
    """The run that a command has begun, and a word for whoever works on it.

    `answered`: the command has said all that it was asked for; with --wait, how the run ended. `delivery` is
    that of the schedule that began the run, "" where a person did.
    """

    token: str
    run: str
    owner: str
    answered: bool = False
    delivery: str = ""


@dataclass(frozen=True)
class RunJob:
    """A run's array `number`: `job` is Batch's id, "" while it is being submitted.

    `turn` names the latest attempt to submit it, which began at `tried` (epoch seconds), and `busy` says
    that nobody noted how that ended. `doubtful`: this attempt, or one before it, may have made a job.
    """

    number: int
    job: str
    turn: str = ""
    busy: bool = False
    tried: int = 0
    doubtful: bool = False


class RunLedger(Ledger):
    """Reads and writes of one table, as `Ledger`."""

    def begin(self, plan: Plan, source: str) -> bool:
        """Record that a run has begun, and what is expected of it; False when it had begun before.

        `source` is what the person named: a prefix, an inventory, a file. The run starts now, whenever it
        was planned.
        """
        now = int(self._clock())
        values = {
            "run": plan.run,
            "lane": BULK,
            "state": RunState.RUNNING.value,
            "rank": list(RunState).index(RunState.RUNNING),
            "items": plan.items,
            "sources": plan.sources,
            "bytes": plan.bytes,
            "children": plan.children,
            "per_child": plan.per_child,
            "arrays": len(plan.arrays),
            "recipe": plan.recipe,
            "started": now,
            "source": source,
            "cost": Decimal(f"{plan.cost.total:.6f}"),
            "max_bad": Decimal(f"{plan.max_bad:.6f}"),
            "index_pk": names.runs_partition(BULK),
            "index_sk": names.runs_sort(now, plan.run),
        }
        return self._update(names.run_record(plan.run), values, "attribute_not_exists(#rank)")

    def begun(self, run: str) -> int:
        """When a run began, which `begin` recorded, in epoch seconds."""
        record = self.run(run)
        if record is None:
            raise InternalError(f"the run '{run}' is submitted before it is recorded")
        return int(record["started"])

    def submitted(self, run: str) -> bool:
        """Note that all jobs of a run are submitted; False when that was known."""
        values = {"submitted": int(self._clock())}
        return self._update(names.run_record(run), values, "attribute_not_exists(#submitted)")

    def cancelled(self, run: str, reason: str = "") -> bool:
        """Note that a person cancelled the run; False when that was known."""
        values = {"cancelled": int(self._clock()), "cancel_reason": reason}
        condition = "attribute_exists(#rank) AND attribute_not_exists(#cancelled)"
        return self._update(names.run_record(run), values, condition, extra_names={"rank": "rank"})

    def awaits(self, run: str, awaited: int) -> bool:
        """Note that a cancelled run ends with `awaited` children, those that were submitted; most counts."""
        condition = "attribute_not_exists(#awaited) OR #awaited < :awaited"
        return self._update(names.run_record(run), {"awaited": awaited}, condition)

    def job(self, run: str, number: int) -> RunJob | None:
        """What is known of one of a run's jobs; None before anybody tried to submit it."""
        record = self._get(names.job_record(run, number))
        return _run_job(record) if record else None

    def take_turn(self, run: str, number: int, turn: str, before: RunJob | None) -> bool:
        """Note, before SubmitJob, that the attempt `turn` begins; False unless all is still as `before`."""
        key, now = names.job_record(run, number), int(self._clock())
        values = {"number": number, "job": "", "turn": turn, "busy": True, "tried": now, "doubtful": True}
        if before is None:
            moved = self._update(key, values, "attribute_not_exists(#job)")
        else:
            moved = self._update(key, values, "#job = :job AND #turn = :before", {"before": before.turn})
        # The client repeats a write whose answer got lost, and is then refused by its own first try.
        return moved or self._has_turn(run, number, turn)

    def _has_turn(self, run: str, number: int, turn: str) -> bool:
        found = self.job(run, number)
        return found is not None and (found.job, found.turn) == ("", turn)

    def end_turn(self, run: str, number: int, turn: str, before: RunJob | None) -> bool:
        """Note that the attempt `turn` has ended, and certainly made no job.

        Whether one may have been made is then as it was `before` the attempt.
        """
        key = names.job_record(run, number)
        values = {"busy": False, "doubtful": before is not None and before.doubtful}
        return self._update(key, values, "#turn = :turn", {"turn": turn}, {"turn": "turn"})

    def add_job(self, run: str, number: int, job: str) -> bool:
        """Note a job's id; of two, the first stays."""
        condition = "attribute_not_exists(#job) OR #job = :none"
        values = {"number": number, "job": job}
        return self._update(names.job_record(run, number), values, condition, {"none": ""})

    def jobs(self, run: str) -> tuple[RunJob, ...]:
        """The run's jobs, in order, those included that may be on their way."""
        records = self._query("pk", names.run_record(run).pk)
        return tuple(_run_job(record) for record in records if record["sk"].startswith("job#"))

    def retried(self, run: str, by: str) -> bool:
        """Note that the run `by` does again what went wrong in `run`; False when that was known."""
        self._update(names.retry_of_record(by), {"run": run}, "attribute_not_exists(#run)")
        return self._update(names.retry_record(run, by), {"retry": by}, "attribute_not_exists(#retry)")

    def retries(self, run: str) -> tuple[str, ...]:
        """The runs that do again what went wrong in a run, oldest first."""
        records = self._query("pk", names.run_record(run).pk)
        return tuple(record["retry"] for record in records if record["sk"].startswith("retry#"))

    def retry_of(self, run: str) -> str:
        """The run whose items a run does again; "" for one that is no retry."""
        return str((self._get(names.retry_of_record(run)) or {}).get("run", ""))

    def runs(self, lane: str, limit: int) -> Iterator[dict[str, Any]]:
        """The records of the latest runs of a lane, newest first (eventually consistent)."""
        found = self._query("index_pk", names.runs_partition(lane), index=INDEX, newest_first=True)
        return islice(found, limit)

    def intent(self, token: str) -> Intent | None:
        """What a command had begun, or None."""
        record = next(self._query("pk", names.intent_record(token).pk), None)
        if not record or not record["run"]:
            return None
        answered = record.get("answered") == record["run"]
        return Intent(token, record["run"], record["owner"], answered, record.get("delivery", ""))

    def claim_intent(self, token: str, run: str, owner: str, over: str = "", delivery: str = "") -> Intent:
        """Begin `run` in the command's name, and work on it as `owner`; the run that counts.

        Where the command had begun another run, that one is taken over, unless it is `over`.
        """
        key, expires = names.intent_record(token), int(self._clock()) + INTENT_SECONDS
        values = {"run": run, "owner": owner, "delivery": delivery, "expires": expires}
        if self._update(key, values, "attribute_not_exists(#run) OR #run = :over", {"over": over}):
            return Intent(token, run, owner, delivery=delivery)
        self._update(key, {"owner": owner}, "attribute_exists(#run)", extra_names={"run": "run"})
        return self.intent(token) or Intent(token, run, owner)

    def release(self, intent: Intent) -> bool:
        """Let go of a run of which nothing is left to do: the same command begins a new one."""
        key = names.intent_record(intent.token)
        return self._update(key, {"run": ""}, "#run = :mine", {"mine": intent.run})

    def answered(self, intent: Intent) -> bool:
        """Note that the command has said all that it was asked for of its run."""
        key = names.intent_record(intent.token)
        return self._update(key, {"answered": intent.run}, "#run = :answered", extra_names={"run": "run"})

    def holds(self, intent: Intent) -> bool:
        """Whether nobody has taken the run over."""
        found = self.intent(intent.token)
        return found is not None and (found.run, found.owner) == (intent.run, intent.owner)


def _run_job(record: Mapping[str, Any]) -> RunJob:
    return RunJob(
        number=record["number"],
        job=record["job"],
        turn=record.get("turn", ""),
        busy=record.get("busy", False),
        tried=record.get("tried", 0),
        doubtful=record.get("doubtful", False),
    )
