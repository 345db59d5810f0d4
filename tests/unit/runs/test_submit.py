"""Tests of batchkit.runs.submit and batchkit.runs.steps: interrupt anywhere, repeat, and count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from support import jobs
from support.answers import AWSResponse, Raw, error
from support.moto_world import World
from support.submitting import (
    DESTINATION,
    FakeBatch,
    executor,
    manifest_of,
    plan,
    run_ledger,
    sources,
    spooled,
)

from batchkit.aws.uploading import PART_BYTES
from batchkit.errors import BatchkitError, DataError, Interrupted, Throttled
from batchkit.planning import names
from batchkit.planning.cost import Cost, Line
from batchkit.runs.cancel import Canceller
from batchkit.runs.intents import Claim
from batchkit.runs.intents import guard as guard_of
from batchkit.runs.steps import Step, Submit, steps
from batchkit.runs.submit import CHUNK_BYTES, Rehearsal, check_cost, execute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from batchkit.aws.queue import BatchJob
    from batchkit.aws.run_ledger import RunLedger
    from batchkit.planning.backfill import Plan
    from batchkit.runs.spool import Spool

RECIPE = jobs.recipe(["a", "b"])
FROM = "s3://uploads/in/"


@dataclass
class Command:
    """A submission that can be interrupted and repeated."""

    world: World
    plan: Plan
    spool: Spool | None
    batch: FakeBatch

    def run(self, report: Callable[[Step], None] = lambda step: None, **ports: Any) -> None:
        todo = steps(self.plan, DESTINATION, FROM, RECIPE.document, self.spool)
        execute(todo, executor(self.world, self.batch, **ports), report)

    def is_complete(self) -> bool:
        """Every item in exactly one job, the manifest whole, the run recorded as submitted."""
        covered = [
            child
            for job in self.batch.taken
            for child in range(
                int(job.parameters["first_child"]), int(job.parameters["first_child"]) + job.size
            )
        ]
        ledger = run_ledger(self.world)
        record = ledger.run(self.plan.run) or {}
        if record == {}:
            return False
        return (
            sorted(covered) == list(range(self.plan.children))
            and list(manifest_of(self.world, self.plan.run)) == sources(self.plan.sources)
            and [job.job for job in ledger.jobs(self.plan.run)]
            == [FakeBatch.id_of(job.name) for job in self.batch.taken]
            and "submitted" in record
        )


@pytest.fixture
def command(world: World, tmp_path: Path) -> Command:
    """A run of 10,001 children, which are two arrays."""
    return Command(world, plan(RECIPE, 10_001, per_child=2), spooled(tmp_path, sources(10_001)), FakeBatch())


CHILDREN = [(0, []), (1, [1]), (2, [2]), (9_999, [9_999]), (10_000, [10_000]), (10_001, [5_001, 5_000])]


@pytest.mark.parametrize(("children", "sizes"), [*CHILDREN, (25_000, [8_334, 8_333, 8_333])])
def test_a_run_takes_as_many_submissions_as_arrays(
    world: World, tmp_path: Path, children: int, sizes: list[int]
) -> None:
    batch = FakeBatch()
    Command(world, plan(RECIPE, children, 2), spooled(tmp_path, []), batch).run()
    assert (batch.sizes, batch.calls["submit"], batch.calls["find"]) == (sizes, len(sizes), 0)


def test_nothing_to_do_leaves_no_trace(world: World, tmp_path: Path) -> None:
    nothing = plan(RECIPE, 0)
    Command(world, nothing, spooled(tmp_path, []), FakeBatch()).run()
    assert run_ledger(world).run(nothing.run) is None
    assert world.objects.head(world.artifacts, names.plan_key(nothing.run)) is None


def test_the_jobs_say_what_the_workers_read(command: Command) -> None:
    command.run()
    first, second = command.batch.taken
    assert [job.name for job in (first, second)] == [f"{command.plan.run}-0", f"{command.plan.run}-1"]
    assert second.parameters == {
        "run": command.plan.run,
        "recipe": RECIPE.digest,
        "sources": "10001",
        "per_child": "2",
        "first_child": "5001",
        "time": str((run_ledger(command.world).run(command.plan.run) or {})["started"]),
    }
    assert (first.vcpus, first.memory) == (1.0, 2048)
    assert command.is_complete()


def test_the_plan_and_the_recipe_are_stored(command: Command) -> None:
    command.run()
    stored = [names.plan_key(command.plan.run), names.recipe_key(RECIPE.digest)]
    bodies = [command.world.objects.get(command.world.artifacts, key) for key in stored]
    assert [body.body for body in bodies if body] == [command.plan.to_json(), RECIPE.document]


class Killed(BaseException):
    """The process ends here."""


STEPS = 8


def killer(number: int) -> Callable[[Step], None]:
    """Ends the process before the step of this number."""
    seen: list[Step] = []

    def kill(step: Step) -> None:
        seen.append(step)
        if len(seen) == number + 1:
            raise Killed

    return kill


@pytest.mark.parametrize("number", range(STEPS))
def test_a_submission_killed_before_any_step_is_continued(command: Command, number: int) -> None:
    with pytest.raises(Killed):
        command.run(killer(number))
    assert not command.is_complete()
    command.run()
    assert command.is_complete()


def test_every_step_has_its_turn_in_the_tests_above(command: Command) -> None:
    assert len(list(steps(command.plan, DESTINATION, FROM, b"", command.spool))) == STEPS


class Dying:
    """Ends the process after a call of `port` whose name is `method`: its effect is there, its answer not."""

    def __init__(self, port: Any, method: str) -> None:
        self._port, self._method = port, method

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name != self._method:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            found(*arguments, **named)
            raise Killed

        return call


PORTS = [
    ("objects", "put"),
    ("uploader", "__call__"),
    ("ledger", "begin"),
    ("ledger", "take_turn"),
    ("jobs", "submit"),
    ("ledger", "add_job"),
    ("ledger", "submitted"),
]


@pytest.mark.parametrize(("port", "method"), PORTS)
def test_a_submission_killed_after_any_call_is_continued(command: Command, port: str, method: str) -> None:
    good = executor(command.world, command.batch)
    real = getattr(good, port)
    dying = Dying(real, method).__getattr__("__call__") if method == "__call__" else Dying(real, method)
    todo = list(steps(command.plan, DESTINATION, FROM, RECIPE.document, command.spool))
    with pytest.raises(Killed):
        execute(todo, replace(good, **{port: dying}))
    execute(todo, good)
    assert command.is_complete()


TROUBLE = [
    ("s3", "PutObject", 503, error("SlowDown")),
    ("s3", "PutObject", 500, error("InternalError")),
    ("dynamodb", "UpdateItem", 400, b'{"__type": "ThrottlingException"}'),
    ("dynamodb", "UpdateItem", 500, b'{"__type": "InternalServerError"}'),
    ("dynamodb", "Query", 400, b'{"__type": "ThrottlingException"}'),
]


class Fault:
    """Answers one call of an operation, the one whose turn it is, with an error."""

    def __init__(
        self, client: Any, service: str, operation: str, turn: int, answer: tuple[int, bytes]
    ) -> None:
        self.left = turn + 1
        self._answer = answer
        client.meta.events.register_first(f"before-send.{service}.{operation}", self._send)

    def _send(self, request: Any, **_: Any) -> AWSResponse | None:
        self.left -= 1
        status, body = self._answer
        return None if self.left else AWSResponse(request.url, status, {}, Raw(body))


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_submission_that_any_call_ended_is_continued(
    command: Command, trouble: tuple[str, str, int, bytes], turn: int
) -> None:
    service, operation, status, body = trouble
    client = getattr(command.world.clients, service)
    fault = Fault(client, service, operation, turn, (status, body))
    try:
        command.run()
    except Throttled:
        assert fault.left == 0
        command.run()
    # Where the operation has fewer calls than turns, the fault must not outlive the test.
    fault.left = 0
    assert command.is_complete()


def test_a_submission_whose_plan_is_stored_goes_on_without_the_files(command: Command) -> None:
    with pytest.raises(Killed):
        command.run(killer(STEPS - 3))
    command.spool = None
    command.run()
    assert command.is_complete()


def test_repeating_a_whole_submission_submits_nothing(command: Command) -> None:
    command.run()
    command.run()
    assert command.batch.calls == {"submit": 2}
    assert command.is_complete()


def test_a_job_whose_answer_was_lost_is_adopted(command: Command) -> None:
    command.batch.faults = ["lost", "broken", "throttled"]
    command.run()
    assert command.is_complete()


def test_a_job_that_batch_does_not_take_in_the_end_is_taken_at_the_next_try(command: Command) -> None:
    command.batch.faults = ["throttled"] * 6
    with pytest.raises(Throttled):
        command.run()
    command.run()
    assert command.is_complete()


def test_an_interrupt_finishes_the_step_and_says_how_to_go_on(command: Command) -> None:
    taken: list[Step] = []
    todo = steps(command.plan, DESTINATION, FROM, RECIPE.document, command.spool)
    with pytest.raises(Interrupted, match="interrupted") as caught:
        execute(todo, executor(command.world, command.batch), taken.append, lambda: len(taken) == 6)
    assert isinstance(taken[-1], Submit)
    assert len(command.batch.taken) == 1
    assert "repeat the same command" in str(caught.value)
    command.run()
    assert command.is_complete()


def test_an_interrupt_ends_the_upload_of_a_large_manifest_and_leaves_no_object(command: Command) -> None:
    assert command.spool is not None
    with command.spool.manifest.open("ab") as file:
        file.truncate(PART_BYTES + CHUNK_BYTES)
    taken: list[Step] = []
    # One before each chunk; the upload has begun by the last but one.
    looks = iter([False] * (PART_BYTES // CHUNK_BYTES))
    todo = steps(command.plan, DESTINATION, FROM, RECIPE.document, command.spool)
    stopping = replace(executor(command.world, command.batch), stopped=lambda: next(looks, True))
    with pytest.raises(Interrupted, match="interrupted"):
        execute(todo, stopping, taken.append)
    key = names.manifest_key(command.plan.run)
    assert str(taken[-1]) == f"upload {key}"
    assert command.world.objects.head(command.world.artifacts, key) is None
    uploads = command.world.clients.s3.list_multipart_uploads(Bucket=command.world.artifacts)
    assert uploads.get("Uploads", []) == []


def test_who_was_taken_over_stops_before_it_changes_anything(command: Command) -> None:
    def guard() -> None:
        raise Interrupted("taken over")

    with pytest.raises(Interrupted):
        command.run(guard=guard)
    assert run_ledger(command.world).run(command.plan.run) is None
    assert command.batch.calls == {}


def test_who_was_taken_over_while_uploading_leaves_the_manifest_alone(command: Command) -> None:
    asked: list[None] = []

    def guard() -> None:
        asked.append(None)
        if len(asked) > 1:
            raise Interrupted("taken over")

    with pytest.raises(Interrupted):
        command.run(guard=guard)
    key = names.manifest_key(command.plan.run)
    assert command.world.objects.head(command.world.artifacts, key) is None


def test_a_run_that_is_cancelled_while_it_is_submitted_gets_no_more_jobs(command: Command) -> None:
    ledger = run_ledger(command.world)

    def cancel(step: Step) -> None:
        if command.batch.taken:
            ledger.cancelled(command.plan.run)

    claim = Claim(ledger.claim_intent("token", command.plan.run, "me"), continued=False)
    with pytest.raises(Interrupted, match="was cancelled"):
        command.run(cancel, guard=guard_of(ledger, claim))
    assert command.batch.calls["submit"] == 1
    assert "submitted" not in (ledger.run(command.plan.run) or {})


class Cancelling(FakeBatch):
    """A Batch in whose second SubmitJob somebody cancels the run."""

    def __init__(self, ledger: RunLedger, planned: Plan) -> None:
        super().__init__()
        self.ledger, self.plan = ledger, planned

    def submit(self, job: BatchJob) -> str:
        if self.taken:
            finish: Any = None
            canceller = Canceller(ledger=self.ledger, queue=self, queue_name=job.queue, finish=finish)
            canceller.cancel(self.plan.run, self.plan, "oops")
        return super().submit(job)


def test_a_job_whose_run_is_cancelled_inside_its_submitjob_is_told_to_end(world: World) -> None:
    planned, ledger = plan(RECIPE, 12_000, per_child=2), run_ledger(world)
    ledger.begin(planned, FROM)
    batch = Cancelling(ledger, planned)
    claim = Claim(ledger.claim_intent("token", planned.run, "me"), continued=False)
    with pytest.raises(Interrupted, match="was cancelled"):
        execute(
            steps(planned, DESTINATION, FROM, RECIPE.document, None),
            executor(world, batch, guard=guard_of(ledger, claim)),
        )
    first, second = (batch.id_of(names.job_name(planned.run, number)) for number in range(2))
    assert batch.terminated == [first, second]
    assert (ledger.run(planned.run) or {})["awaited"] == 12_000


def test_another_plan_in_the_runs_place_is_an_error(command: Command) -> None:
    key = names.plan_key(command.plan.run)
    command.world.objects.put(command.world.artifacts, key, b"another", "application/json")
    with pytest.raises(DataError, match=r"plan\.json"):
        command.run()


def test_a_rehearsal_takes_the_same_steps_and_changes_nothing(command: Command) -> None:
    rehearsal = Rehearsal()
    execute(steps(command.plan, DESTINATION, FROM, RECIPE.document, command.spool), rehearsal)
    assert rehearsal.taken[-3:] == [
        f"submit {command.plan.run}-0: an array of 5,001 children",
        f"submit {command.plan.run}-1: an array of 5,000 children",
        f"finish {command.plan.run}",
    ]
    assert len(rehearsal.taken) == STEPS
    assert command.batch.calls == {}


def test_a_run_that_costs_too_much_is_refused() -> None:
    cost = Cost((Line("compute", "vCPU", 2.0, "vCPU-hour", 1.0, "a table", "2026-11"),))
    dear = plan(RECIPE, 2, cost=cost)
    check_cost(dear, None)
    check_cost(dear, 2.0)
    with pytest.raises(BatchkitError, match="cost too much"):
        check_cost(dear, 1.99)
    check_cost(dear, 2.5, besides=0.5)
    with pytest.raises(BatchkitError, match=r"2\.51 USD, estimated, 0\.51 of it the canary"):
        check_cost(dear, 2.5, besides=0.51)


def test_a_small_limit_is_told_from_none() -> None:
    cost = Cost((Line("compute", "vCPU", 1.0, "vCPU-hour", 0.000123, "a table", "2026-11"),))
    with pytest.raises(BatchkitError, match=r"0\.00012 USD.*\n.*at most 5e-06 USD"):
        check_cost(plan(RECIPE, 2, cost=cost), 0.000005)
