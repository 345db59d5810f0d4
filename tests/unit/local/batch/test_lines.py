"""Queues: order, priority and room."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support.batch_stack import FixedControl, ScriptedExecutor, Stack

from batchkit.local.batch.executor import Exit, Task
from batchkit.local.batch.model import Resources


def waiting(task: Task) -> None:
    return None


def needs(vcpus: float, memory: int = 1024) -> dict[str, object]:
    requirements = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory)}]
    return {"containerOverrides": {"resourceRequirements": requirements}}


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.sampled_from([0.25, 0.5, 1, 2, 3]), min_size=1, max_size=12),
    capacity=st.integers(3, 6),
)
def test_room_is_never_exceeded_and_always_given_back(sizes, capacity):
    executor = ScriptedExecutor()
    with Stack(executor, FixedControl(capacity)) as stack:
        jobs = [stack.submit(2, **needs(size)) for size in sizes]
        stack.settle()
        assert executor.most_vcpus <= capacity
        assert {stack.describe(job)["status"] for job in jobs} == {"SUCCEEDED"}
        used = stack.batch._scheduler.lines.used(stack.control.environments["spot"].arn)
        assert used == Resources(0, 0)


def test_memory_is_room_too():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=2)) as stack:
        large, small = stack.submit(**needs(1, 12_000)), stack.submit(**needs(1, 8_000))
        task = executor.task_of(large)
        assert stack.describe(small)["status"] == "RUNNABLE"
        executor.end(task, Exit(0))
        executor.end(executor.task_of(small), Exit(0))
        stack.settle()


def test_the_host_caps_all_environments_and_a_larger_job_runs_alone():
    executor = ScriptedExecutor()
    with Stack(executor, FixedControl(max_vcpus=256), host=Resources(2, 1 << 20)) as stack:
        stack.submit(20)
        stack.submit(2, **needs(16))
        stack.settle()
        assert executor.most_vcpus == 16
        assert len(executor.started) == 22


def test_jobs_start_first_in_first_out():
    executor = ScriptedExecutor()
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        jobs = [stack.submit() for _ in range(10)]
        stack.settle()
        assert [task.job_id for task in executor.started] == jobs


def test_a_small_job_does_not_overtake_a_large_one():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=4)) as stack:
        first, large, small = stack.submit(**needs(2)), stack.submit(**needs(4)), stack.submit(**needs(1))
        for job in (first, large, small):
            executor.end(executor.task_of(job), Exit(0))
        stack.settle()
        assert [task.job_id for task in executor.started] == [first, large, small]


def test_the_higher_priority_goes_first_and_keeps_its_turn():
    control = FixedControl(max_vcpus=4)
    control.add_queue("upload", priority=10)
    executor = ScriptedExecutor(waiting)
    with Stack(executor, control) as stack:
        running = stack.submit(**needs(3))
        executor.task_of(running)
        urgent = stack.submit(jobQueue="upload", **needs(4))
        late = stack.submit(**needs(1))  # would fit now, and would keep the urgent one waiting for ever
        executor.end(executor.task_of(running), Exit(0))
        executor.end(executor.task_of(urgent), Exit(0))
        executor.end(executor.task_of(late), Exit(0))
        stack.settle()
        assert [task.job_id for task in executor.started] == [running, urgent, late]


def test_queues_of_equal_priority_take_turns():
    control = FixedControl(max_vcpus=1)
    control.add_queue("other")
    executor = ScriptedExecutor(waiting)
    with Stack(executor, control) as stack:
        blocker = stack.submit()
        first = executor.task_of(blocker)
        ones = [stack.submit() for _ in range(2)]
        others = [stack.submit(jobQueue="other") for _ in range(2)]
        executor.end(first, Exit(0))
        for job in (others[0], ones[0], others[1], ones[1]):
            executor.end(executor.task_of(job), Exit(0))
        stack.settle()
        assert [task.job_id for task in executor.started[1:]] == [others[0], ones[0], others[1], ones[1]]


def test_environments_are_tried_in_order_and_disabled_ones_left_out():
    control = FixedControl()
    control.add_environment("broken", 8, enabled=False)
    control.add_environment("first", 1)
    control.add_environment("second", 1)
    control.add_queue("mixed", environments=("broken", "first", "second"))
    executor = ScriptedExecutor(waiting)
    with Stack(executor, control) as stack:
        tasks = [executor.task_of(stack.submit(jobQueue="mixed")) for _ in range(2)]
        assert [task.environment["AWS_BATCH_CE_NAME"] for task in tasks] == ["first", "second"]


def test_a_job_that_never_fits_blocks_its_queue_and_says_why_once():
    control = FixedControl(max_vcpus=4)
    control.add_queue("upload", priority=10)
    executor = ScriptedExecutor()
    with Stack(executor, control) as stack:
        giant = stack.submit(jobQueue="upload", **needs(5))
        behind = stack.submit(jobQueue="upload")
        executor.task_of(stack.submit())  # the lower queue goes on; its turn came after a look at the giant
        reason = stack.describe(giant)["statusReason"]
        assert reason.startswith("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - the job needs 5 vCPU")
        assert stack.describe(behind)["status"] == "RUNNABLE"
        stack.call("CancelJob", jobId=giant, reason="too big")
        assert stack.end_of(behind)[0] == "SUCCEEDED"
        blocked = [each for each in stack.events if each["detail-type"] == "Batch Job Queue Blocked"]
        assert [each["detail"]["statusReason"] for each in blocked] == [reason]
        assert blocked[0]["resources"][1] == control.queues["upload"].arn


def test_a_cancelled_head_does_not_hold_up_the_line():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        running, head, behind = stack.submit(), stack.submit(), stack.submit()
        task = executor.task_of(running)
        stack.call("CancelJob", jobId=head, reason="skip")
        executor.end(task, Exit(0))
        executor.end(executor.task_of(behind), Exit(0))
        stack.settle()
        assert [each.job_id for each in executor.started] == [running, behind]
