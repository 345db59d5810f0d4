"""The life of jobs as a caller sees it, with tasks that end as the test says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batch_stack import ARN, FixedControl, HandClock, ScriptedExecutor, Stack, check_detail

from batchkit.local.batch.executor import Exit, Task
from batchkit.local.batch.faults import BatchFault
from batchkit.local.batch.service import LocalBatch

WAIT = None  # a script that says so leaves the task running


def failing(task: Task) -> Exit:
    return Exit(1)


def waiting(task: Task) -> None:
    return WAIT


def test_every_operation_it_offers_is_one_of_the_real_service():
    from batchkit.local.batch.validation import service_model

    assert set(service_model().operation_names) >= LocalBatch.OPERATIONS
    with Stack(ScriptedExecutor()) as stack:
        assert stack.batch._handlers.keys() == LocalBatch.OPERATIONS


def test_a_plain_job_goes_through_its_states_and_tells_all_but_the_first():
    with Stack(ScriptedExecutor()) as stack:
        job = stack.submit()
        assert stack.end_of(job) == ("SUCCEEDED", "Essential container in task exited")
        assert stack.states(job) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert [each.data["status"] for each in stack.traces] == ["SUBMITTED", *stack.states(job)]


def test_a_plain_job_has_no_index_and_no_array():
    executor = ScriptedExecutor()
    with Stack(executor) as stack:
        job = stack.submit(parameters={})
        stack.settle()
        environment = executor.started[0].environment
        assert environment == {
            "AWS_BATCH_JOB_ID": job,
            "AWS_BATCH_JOB_ATTEMPT": "1",
            "AWS_BATCH_JQ_NAME": "bulk",
            "AWS_BATCH_CE_NAME": "spot",
        }
        assert "arrayProperties" not in stack.describe(job)


@pytest.mark.parametrize("size", [2, 3, 10_000])
def test_an_array_runs_every_index_once(size):
    executor = ScriptedExecutor()
    with Stack(executor) as stack:
        job = stack.submit(size)
        assert stack.end_of(job) == ("SUCCEEDED", None)
        indexes = [int(task.environment["AWS_BATCH_JOB_ARRAY_INDEX"]) for task in executor.started]
        assert sorted(indexes) == list(range(size))
        assert {task.environment["AWS_BATCH_JOB_ARRAY_SIZE"] for task in executor.started} == {str(size)}
        assert {task.environment["AWS_BATCH_JOB_ID"] for task in executor.started} == {
            f"{job}:{index}" for index in range(size)
        }
        assert stack.states(job) == ["PENDING", "SUCCEEDED"]
        assert stack.states(f"{job}:{size - 1}") == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


@pytest.mark.parametrize("size", [-1, 0, 1, 10_001])
def test_an_array_of_an_impossible_size_is_refused(size):
    with Stack(ScriptedExecutor()) as stack, pytest.raises(BatchFault) as refusal:
        stack.submit(size)
    assert refusal.value.code == "ClientException"
    assert refusal.value.message.startswith(
        "Error executing request, Exception : Array size must be between 2 and 10000, RequestId: "
    )


def test_children_that_nobody_needs_yet_cost_nothing():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        job = stack.submit(10_000)
        executor.task_of(f"{job}:0")
        parent = stack.batch._scheduler.jobs.find(job)
        assert sum(child is not None for child in parent.children) < 200
        summary = stack.describe(job)["arrayProperties"]["statusSummary"]
        assert sum(summary.values()) == 10_000
        assert stack.describe(f"{job}:9999")["status"] == "SUBMITTED"


def test_a_failed_child_fails_the_parent_but_never_its_siblings():
    with Stack(ScriptedExecutor(lambda task: Exit(int(task.job_id.endswith(":1"))))) as stack:
        job = stack.submit(4)
        assert stack.end_of(job) == ("FAILED", "Array Child Job failed")
        assert stack.end_of(f"{job}:1") == ("FAILED", "Essential container in task exited")
        assert [stack.end_of(f"{job}:{index}")[0] for index in (0, 2, 3)] == ["SUCCEEDED"] * 3
        assert stack.describe(job)["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3


def test_a_parent_is_not_final_before_its_last_child():
    executor = ScriptedExecutor(lambda task: Exit(1) if task.job_id.endswith(":0") else WAIT)
    with Stack(executor) as stack:
        job = stack.submit(2)
        last = executor.task_of(f"{job}:1")
        assert stack.describe(job)["status"] == "PENDING"
        executor.end(last, Exit(0))
        assert stack.end_of(job)[0] == "FAILED"
        assert stack.events[-1]["detail"]["jobId"] == job


@settings(max_examples=40, deadline=None)
@given(
    codes=st.lists(st.lists(st.sampled_from([0, 1, 75]), min_size=3, max_size=3), min_size=2, max_size=12),
    attempts=st.integers(1, 3),
    vcpus=st.integers(1, 5),
)
def test_a_parent_sums_up_whatever_its_children_do(codes, attempts, vcpus):
    def script(task: Task) -> Exit:
        index = int(task.environment["AWS_BATCH_JOB_ARRAY_INDEX"])
        return Exit(codes[index][task.attempt - 1])

    retry = {"attempts": attempts, "evaluateOnExit": [{"onExitCode": "1", "action": "exit"}]}
    executor = ScriptedExecutor(script)
    with Stack(executor, FixedControl(vcpus)) as stack:
        job = stack.submit(len(codes), retryStrategy=retry)
        stack.settle()
        expected = [_end(each, attempts) for each in codes]
        children = [stack.describe(f"{job}:{index}") for index in range(len(codes))]
        assert [child["status"] for child in children] == expected
        parent = stack.describe(job)
        assert parent["status"] == ("FAILED" if "FAILED" in expected else "SUCCEEDED")
        counted = {name: count for name, count in parent["arrayProperties"]["statusSummary"].items() if count}
        assert counted == {status: expected.count(status) for status in set(expected)}
        assert executor.most_vcpus <= vcpus
        for event in stack.events:
            check_detail(event["detail"])


def _end(codes: list[int], attempts: int) -> str:
    for code in codes[:attempts]:
        if code == 0:
            return "SUCCEEDED"
        if code == 1:
            break
    return "FAILED"


def test_a_retried_job_goes_to_the_front_of_the_line():
    executor = ScriptedExecutor(
        lambda task: Exit(75 if task.job_id.endswith(":0") and task.attempt == 1 else 0)
    )
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        job = stack.submit(3, retryStrategy={"attempts": 2})
        other = stack.submit()
        stack.settle()
        order = [task.job_id for task in executor.started]
        assert order == [f"{job}:0", f"{job}:0", f"{job}:1", f"{job}:2", other]
        assert stack.states(f"{job}:0").count("RUNNABLE") == 2
        again = [each for each in stack.state_changes(f"{job}:0") if each["detail"]["status"] == "RUNNABLE"][
            1
        ]
        assert len(again["detail"]["attempts"]) == 1


def test_attempts_are_numbered_and_all_of_them_are_told():
    executor = ScriptedExecutor(lambda task: Exit(task.attempt, reason=f"try {task.attempt}"))
    with Stack(executor) as stack:
        job = stack.submit(retryStrategy={"attempts": 3})
        stack.settle()
        described = stack.describe(job)
        assert [task.environment["AWS_BATCH_JOB_ATTEMPT"] for task in executor.started] == ["1", "2", "3"]
        assert [each["container"]["exitCode"] for each in described["attempts"]] == [1, 2, 3]
        assert described["container"]["reason"] == "try 3"
        assert len({each["container"]["taskArn"] for each in described["attempts"]}) == 3


def test_an_attempt_that_exits_with_zero_has_succeeded_whatever_its_host_did():
    with Stack(ScriptedExecutor(lambda task: Exit(0, None, "Your Spot Task was interrupted."))) as stack:
        job = stack.submit(retryStrategy={"attempts": 3})
        assert stack.end_of(job) == ("SUCCEEDED", "Your Spot Task was interrupted.")
        assert len(stack.describe(job)["attempts"]) == 1


def test_the_requests_retry_strategy_replaces_the_definitions_whole():
    control = FixedControl()
    rules = [{"onReason": "*", "action": "EXIT"}]
    control.define("worker", retryStrategy={"attempts": 5, "evaluateOnExit": rules})
    with Stack(ScriptedExecutor(failing), control) as stack:
        as_defined, replaced = stack.submit(), stack.submit(retryStrategy={"attempts": 2})
        stack.settle()
        assert len(stack.describe(as_defined)["attempts"]) == 1
        assert len(stack.describe(replaced)["attempts"]) == 2
        assert stack.describe(replaced)["retryStrategy"] == {"attempts": 2, "evaluateOnExit": []}


def test_parameters_replace_whole_arguments_and_override_defaults():
    control = FixedControl()
    command = ["upload", "Ref::key", "--size=Ref::size", "Ref::missing", "Ref::size"]
    control.define("worker", parameters={"size": "1", "key": "x"}, container={"command": command})
    executor = ScriptedExecutor()
    with Stack(executor, control) as stack:
        stack.submit(parameters={"key": "a b'c\" Ref::size"})
        stack.settle()
        expected = ("upload", "a b'c\" Ref::size", "--size=Ref::size", "Ref::missing", "1")
        assert executor.started[0].command == expected


def test_overrides_are_merged_by_name():
    control = FixedControl()
    environment = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    control.define("worker", container={"environment": environment, "command": ["old"]})
    executor = ScriptedExecutor()
    overrides = {
        "command": ["new", "Ref::p"],
        "environment": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}],
        "resourceRequirements": [{"type": "VCPU", "value": "0.25"}],
    }
    with Stack(executor, control) as stack:
        job = stack.submit(containerOverrides=overrides, parameters={"p": "q"})
        stack.settle()
        (task,) = executor.started
        assert task.command == ("new", "q")
        assert {name: task.environment[name] for name in "ABC"} == {"A": "1", "B": "3", "C": "4"}
        assert (task.resources.vcpus, task.resources.memory) == (0.25, 1024)
        assert stack.describe(job)["container"]["command"] == ["new", "Ref::p"]


def test_overrides_that_ecs_would_not_take_fail_the_job_without_an_attempt():
    executor = ScriptedExecutor()
    with Stack(executor) as stack:
        job = stack.submit(
            3,
            parameters={"p": "x" * 9000},
            containerOverrides={"command": ["Ref::p"]},
            retryStrategy={"attempts": 3},
        )
        assert stack.end_of(f"{job}:2") == ("FAILED", "Container Overrides length must be at most 8192")
        assert stack.end_of(job)[0] == "FAILED"
        assert executor.started == []
        assert stack.end_of(stack.submit())[0] == "SUCCEEDED"  # and the room is free again


def test_a_job_that_exceeds_its_timeout_is_stopped_and_not_retried():
    executor, clock = ScriptedExecutor(waiting), HandClock()
    with Stack(executor, clock=clock, grace=30) as stack:
        job = stack.submit(timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
        task = executor.task_of(job)
        clock.seconds += 59
        stack.batch.wake()
        assert executor.stopped == []
        clock.seconds += 1
        stack.batch.wake()
        assert executor.wait_stopped(task) == 30
        executor.end(task, Exit(143))
        assert stack.end_of(job) == ("FAILED", "Job attempt duration exceeded timeout")
        (attempt,) = stack.describe(job)["attempts"]
        assert attempt["container"]["exitCode"] == 143
        assert attempt["statusReason"] == "Job attempt duration exceeded timeout"


def test_the_timeout_starts_anew_with_every_attempt():
    executor, clock = ScriptedExecutor(waiting), HandClock()
    with Stack(executor, clock=clock) as stack:
        job = stack.submit(timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 2})
        first = executor.task_of(job)
        clock.seconds += 59
        executor.end(first, Exit(1))
        second = executor.task_of(job, attempt=2)
        clock.seconds += 59
        stack.batch.wake()
        executor.end(second, Exit(0))
        assert stack.end_of(job)[0] == "SUCCEEDED"
        assert executor.stopped == []


def test_cancel_ends_what_has_not_started_and_leaves_the_rest_alone():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        running, waits = stack.submit(), stack.submit()
        task = executor.task_of(running)
        for job in (running, waits):
            stack.call("CancelJob", jobId=job, reason="changed my mind")
        assert stack.describe(waits)["status"] == "FAILED"
        assert stack.describe(waits)["statusReason"] == "changed my mind"
        assert stack.describe(waits)["isCancelled"] is True
        assert executor.stopped == []
        executor.end(task, Exit(0))
        assert stack.end_of(running)[0] == "SUCCEEDED"
        assert len(executor.started) == 1


def test_cancelling_a_parent_cancels_the_children_that_wait():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        job = stack.submit(300)
        task = executor.task_of(f"{job}:0")
        stack.call("CancelJob", jobId=job, reason="enough")
        assert stack.describe(job)["status"] == "PENDING"
        assert stack.describe(f"{job}:299")["statusReason"] == "enough"
        executor.end(task, Exit(0))
        assert stack.end_of(job) == ("FAILED", "enough")
        assert stack.describe(job)["arrayProperties"]["statusSummary"]["FAILED"] == 299
        assert len(executor.started) == 1


def test_cancelling_one_child_leaves_its_siblings_alone():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        job = stack.submit(3)
        first = executor.task_of(f"{job}:0")
        stack.call("CancelJob", jobId=f"{job}:1", reason="not this one")
        executor.end(first, Exit(0))
        executor.end(executor.task_of(f"{job}:2"), Exit(0))
        assert stack.end_of(job)[0] == "FAILED"
        assert stack.end_of(f"{job}:1") == ("FAILED", "not this one")
        assert len(executor.started) == 2


def test_terminate_stops_running_jobs_for_good():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=2)) as stack:
        job = stack.submit(4, retryStrategy={"attempts": 3})
        tasks = [executor.task_of(f"{job}:{index}") for index in (0, 1)]
        stack.call("TerminateJob", jobId=job, reason="stop everything")
        for task in tasks:
            executor.wait_stopped(task)
            executor.end(task, Exit(137))
        assert stack.end_of(job) == ("FAILED", "stop everything")
        assert {stack.end_of(f"{job}:{index}") for index in range(4)} == {("FAILED", "stop everything")}
        assert stack.describe(f"{job}:0")["isTerminated"] is True
        assert len(executor.started) == 2


def test_stopping_a_finished_or_unknown_job_changes_nothing():
    with Stack(ScriptedExecutor()) as stack:
        job = stack.submit()
        stack.settle()
        told = len(stack.events)
        for operation in ("CancelJob", "TerminateJob"):
            for job_id in (job, "nobody", f"{job}:0"):
                stack.call(operation, jobId=job_id, reason="late")
        assert stack.end_of(job)[0] == "SUCCEEDED"
        assert len(stack.events) == told


def test_many_jobs_are_stopped_with_one_request():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        running, waits = stack.submit(), stack.submit()
        task = executor.task_of(running)
        answer = stack.call("TerminateJobs", jobs=[running, waits, "nobody", ""], reason="bulk")
        assert answer["successful"] == [running, waits, "nobody"]
        assert [each["code"] for each in answer["errors"]] == ["ValidationException"]
        executor.wait_stopped(task)
        executor.end(task, Exit(143))
        assert stack.end_of(running) == stack.end_of(waits) == ("FAILED", "bulk")
        with pytest.raises(BatchFault, match="at most 50"):
            stack.call("CancelJobs", jobs=["x"] * 51, reason="too many")


def test_unknown_jobs_are_missing_from_the_description_without_an_error():
    with Stack(ScriptedExecutor()) as stack:
        job = stack.submit(2)
        strange = [
            "nobody",
            f"{job}:2",
            f"{job}:-1",
            f"{job}:00",
            f"{job}:",
            f"{job}:x",
            f"{job}:\N{ARABIC-INDIC DIGIT ONE}",
            f"{job}:" + "9" * 5000,
        ]
        answer = stack.call("DescribeJobs", jobs=[*strange, f"{job}:1", job, job])
        assert [each["jobId"] for each in answer["jobs"]] == [f"{job}:1", job]
        with pytest.raises(BatchFault, match="Maximum number of jobs supported is  100 "):
            stack.call("DescribeJobs", jobs=["x"] * 101)


def test_the_live_view_tells_parent_from_child():
    with Stack(ScriptedExecutor()) as stack:
        stack.submit(2)
        stack.submit()
        stack.settle()
        names = {each.text.split(" SUCCEEDED")[0] for each in stack.traces if " SUCCEEDED" in each.text}
        assert names == {"job (array of 2)", "job:0", "job:1", "job"}


def test_the_events_envelope_is_eventbridges():
    with Stack(ScriptedExecutor()) as stack:
        job = stack.submit(2, tags={"team": "photos"})
        stack.settle()
        child = next(stack.state_changes(f"{job}:1"))
        assert child["version"] == "0"
        assert child["source"] == "aws.batch"
        assert child["account"] == "123456789012"
        assert child["region"] == "eu-west-1"
        assert child["resources"] == [f"{ARN}:job/{job}:1"]
        assert child["detail"]["jobQueue"] == f"{ARN}:job-queue/bulk"
        assert child["detail"]["jobDefinition"] == f"{ARN}:job-definition/worker:1"
        assert child["detail"]["arrayProperties"]["index"] == 1
        assert "size" not in child["detail"]["arrayProperties"]
        assert child["detail"]["tags"] == {"team": "photos", "resourceArn": f"{ARN}:job/{job}:1"}
        (end,) = [each for each in stack.state_changes(job) if each["detail"]["status"] == "SUCCEEDED"]
        assert end["detail"]["arrayProperties"]["size"] == 2
        assert "index" not in end["detail"]["arrayProperties"]
        assert stack.describe(job)["tags"] == {"team": "photos"}
        assert len({each["id"] for each in stack.events}) == len(stack.events)


def test_a_listener_that_raises_does_not_stop_the_jobs(caplog):
    with Stack(ScriptedExecutor(), emit=_broken) as stack:
        assert stack.end_of(stack.submit(3))[0] == "SUCCEEDED"
    assert "a listener of local Batch failed" in caplog.text


def _broken(event: object) -> None:
    raise LookupError("no such bus")


def test_an_executor_that_raises_fails_the_task_and_not_the_scheduler(caplog):
    class Broken(ScriptedExecutor):
        def start(self, task: Task) -> None:
            if task.job_id.endswith(":0"):
                raise OSError("no engine answers")
            super().start(task)

    with Stack(Broken()) as stack:
        job = stack.submit(3)
        assert stack.end_of(f"{job}:0") == ("FAILED", "Task failed to start")
        assert stack.end_of(f"{job}:2")[0] == "SUCCEEDED"
        assert "no engine answers" in stack.describe(f"{job}:0")["attempts"][0]["container"]["reason"]


def test_closing_is_final_and_can_be_repeated():
    executor = ScriptedExecutor(waiting)
    stack = Stack(executor)
    executor.task_of(stack.submit())
    stack.batch.close()
    stack.batch.close()
    assert executor.closed
    with pytest.raises(BatchFault) as refusal:
        stack.submit()
    assert (refusal.value.code, refusal.value.status) == ("ServerException", 500)


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"jobName": "-x"}, "Job name should match valid pattern"),
        ({"jobName": "x" * 129}, "Job name should match valid pattern"),
        ({"jobName": "x\n"}, "Job name should match valid pattern"),
        ({"jobQueue": "nowhere"}, "JobQueue nowhere not found."),
        ({"jobDefinition": "ghost"}, "JobDefinition name ghost does not exist or is not in ACTIVE status"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60 seconds"),
        ({"retryStrategy": {"attempts": 0}}, "between 1 and 10"),
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        ({"parameters": {"x": "y" * 31_000}}, "Job size must be less than 30 KiB, got 31 KiB"),
        ({"tags": {str(number): "" for number in range(51)}}, "more than 50 tags"),
        ({"containerOverrides": {"command": ["a", ""]}}, "empty string"),
        ({"containerOverrides": {"environment": [{"name": "AWS_BATCH_X"}]}}, "AWS_BATCH"),
        (
            {"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "x"}]}},
            "must be numbers",
        ),
        ({"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "nan"}]}}, "positive"),
        ({"containerOverrides": {"resourceRequirements": [{"type": "CPU", "value": "1"}]}}, "must be one of"),
        ({"shareIdentifier": "a"}, "no scheduling policy"),
        ({"nodeOverrides": {"numNodes": 2}}, "not supported"),
        ({"dependsOn": [{"jobId": "x"}] * 21}, "Job cannot have more than 20 dependencies"),
        ({"dependsOn": [{"jobId": "x", "type": "LATER"}]}, "dependsOn[0].type must be one of"),
        ({"priority": 3}, "Unknown parameter"),
        ({"parameters": {"x": 3}}, "Invalid type for parameter parameters.x"),
    ],
)
def test_what_batch_refuses_is_refused(members, complaint):
    with Stack(ScriptedExecutor()) as stack, pytest.raises(BatchFault) as refusal:
        stack.submit(**members)
    assert refusal.value.code == "ClientException"
    assert complaint in refusal.value.message


def test_a_reason_is_needed_to_stop_a_job():
    with Stack(ScriptedExecutor()) as stack:
        for parameters in (
            {"jobId": "x"},
            {"jobId": "x", "reason": ""},
            {"jobId": "x", "reason": "y" * 1025},
        ):
            with pytest.raises(BatchFault):
                stack.call("TerminateJob", **parameters)


def test_a_disabled_queue_takes_no_jobs():
    control = FixedControl()
    control.add_queue("closed", enabled=False)
    with Stack(ScriptedExecutor(), control) as stack, pytest.raises(BatchFault, match="DISABLED"):
        stack.submit(jobQueue="closed")


def test_the_log_stream_is_named_after_the_definition_or_its_prefix():
    control = FixedControl()
    options = {"awslogs-group": "/photos", "awslogs-stream-prefix": "worker"}
    control.define("own", container={"logConfiguration": {"logDriver": "awslogs", "options": options}})
    control.define("n" * 128)
    executor = ScriptedExecutor()
    with Stack(executor, control) as stack:
        stack.submit(jobDefinition="own")
        job = stack.submit()
        stack.settle()
        own, default = executor.started
        assert (own.log_group, own.log_stream) == ("/photos", f"worker/default/{own.id}")
        assert (default.log_group, default.log_stream) == ("/aws/batch/job", f"worker/default/{default.id}")
        assert stack.describe(job)["container"]["logStreamName"] == default.log_stream
        assert ("/photos", own.log_stream) in stack.log.streams
