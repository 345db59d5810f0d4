"""Plain, SEQUENTIAL and N_TO_N dependencies."""

from __future__ import annotations

import pytest
from support.batch_stack import FixedControl, ScriptedExecutor, Stack

from batchkit.local.batch.executor import Exit, Task
from batchkit.local.batch.faults import BatchFault


def waiting(task: Task) -> None:
    return None


def test_a_job_waits_for_the_whole_of_another():
    executor = ScriptedExecutor(waiting)
    with Stack(executor) as stack:
        first = stack.submit(2)
        then = stack.submit(dependsOn=[{"jobId": first}])
        executor.end(executor.task_of(f"{first}:0"), Exit(0))
        assert stack.describe(then)["status"] == "PENDING"
        executor.end(executor.task_of(f"{first}:1"), Exit(0))
        executor.end(executor.task_of(then), Exit(0))
        assert stack.end_of(then)[0] == "SUCCEEDED"
        assert stack.states(then) == ["PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert stack.describe(then)["dependsOn"] == [{"jobId": first}]


def test_a_job_waits_for_all_of_several():
    executor = ScriptedExecutor(waiting)
    with Stack(executor) as stack:
        one, two = stack.submit(), stack.submit(2)
        then = stack.submit(dependsOn=[{"jobId": one}, {"jobId": f"{two}:1"}])
        executor.end(executor.task_of(one), Exit(0))
        assert stack.describe(then)["status"] == "PENDING"
        executor.end(executor.task_of(f"{two}:1"), Exit(0))
        executor.end(executor.task_of(then), Exit(0))
        executor.end(executor.task_of(f"{two}:0"), Exit(0))
        assert stack.end_of(then)[0] == "SUCCEEDED"


@pytest.mark.parametrize("size", [None, 3])
def test_dependents_of_a_failed_job_fail_all_the_way_down(size):
    executor = ScriptedExecutor(lambda task: Exit(1))
    with Stack(executor) as stack:
        first = stack.submit()
        second = stack.submit(size, dependsOn=[{"jobId": first}])
        third = stack.submit(dependsOn=[{"jobId": second}])
        assert stack.end_of(second) == stack.end_of(third) == ("FAILED", "Dependent Job failed")
        assert len(executor.started) == 1
        if size:
            assert stack.describe(second)["arrayProperties"]["statusSummary"]["FAILED"] == size
            assert stack.end_of(f"{second}:2") == ("FAILED", "Dependent Job failed")


def test_a_dependency_that_has_ended_before_counts_at_once():
    with Stack(ScriptedExecutor(lambda task: Exit(int("bad" in task.command)))) as stack:
        good, bad = stack.submit(), stack.submit(containerOverrides={"command": ["bad"]})
        stack.settle()
        assert stack.end_of(stack.submit(dependsOn=[{"jobId": good}]))[0] == "SUCCEEDED"
        assert stack.end_of(stack.submit(2, dependsOn=[{"jobId": bad}])) == ("FAILED", "Dependent Job failed")


def test_sequential_children_run_one_after_the_other():
    executor = ScriptedExecutor()
    with Stack(executor) as stack:
        job = stack.submit(50, dependsOn=[{"type": "SEQUENTIAL"}])
        assert stack.end_of(job)[0] == "SUCCEEDED"
        assert [task.job_id for task in executor.started] == [f"{job}:{index}" for index in range(50)]
        assert executor.most_vcpus == 1


def test_a_sequence_ends_at_its_first_failure():
    executor = ScriptedExecutor(lambda task: Exit(int(task.job_id.endswith(":2"))))
    with Stack(executor) as stack:
        job = stack.submit(2000, dependsOn=[{"type": "SEQUENTIAL"}])
        assert stack.end_of(job) == ("FAILED", "Array Child Job failed")
        assert len(executor.started) == 3
        assert stack.end_of(f"{job}:3") == stack.end_of(f"{job}:1999") == ("FAILED", "Dependent Job failed")


def test_n_to_n_children_wait_for_their_counterpart_only():
    executor = ScriptedExecutor(waiting)
    with Stack(executor) as stack:
        first = stack.submit(3)
        then = stack.submit(3, dependsOn=[{"jobId": first, "type": "N_TO_N"}])
        assert stack.describe(f"{then}:1")["status"] == "PENDING"
        executor.end(executor.task_of(f"{first}:1"), Exit(0))
        executor.end(executor.task_of(f"{then}:1"), Exit(0))
        assert stack.describe(f"{then}:0")["status"] == "PENDING"
        executor.end(executor.task_of(f"{first}:0"), Exit(1))
        executor.end(executor.task_of(f"{first}:2"), Exit(0))
        executor.end(executor.task_of(f"{then}:2"), Exit(0))
        assert stack.end_of(f"{then}:0") == ("FAILED", "Dependent Job failed")
        assert stack.end_of(then) == ("FAILED", "Array Child Job failed")


def test_forms_can_be_combined():
    executor = ScriptedExecutor(waiting)
    with Stack(executor) as stack:
        gate, twin = stack.submit(), stack.submit(2)
        depends_on = [{"jobId": gate}, {"jobId": twin, "type": "N_TO_N"}, {"type": "SEQUENTIAL"}]
        job = stack.submit(2, dependsOn=depends_on)
        for awaited in (f"{twin}:1", f"{twin}:0", gate, f"{job}:0", f"{job}:1"):
            executor.end(executor.task_of(awaited), Exit(0))
        assert stack.end_of(job)[0] == "SUCCEEDED"
        order = [task.job_id for task in executor.started]
        assert order.index(f"{job}:0") > order.index(gate)
        assert order.index(f"{job}:1") > order.index(f"{job}:0")


def test_a_pending_job_is_cancelled_once_its_dependencies_are_over():
    executor = ScriptedExecutor(waiting)
    with Stack(executor) as stack:
        first = stack.submit()
        plain = stack.submit(dependsOn=[{"jobId": first}])
        array = stack.submit(3, dependsOn=[{"jobId": first}])
        for job in (plain, array):
            stack.call("CancelJob", jobId=job, reason="no longer needed")
            assert stack.describe(job)["status"] == "PENDING"
        executor.end(executor.task_of(first), Exit(0))
        assert stack.end_of(plain) == stack.end_of(array) == ("FAILED", "no longer needed")
        assert stack.end_of(f"{array}:2") == ("FAILED", "no longer needed")
        assert len(executor.started) == 1


def test_a_cancelled_sequence_stops_after_the_child_that_runs():
    executor = ScriptedExecutor(waiting)
    with Stack(executor) as stack:
        job = stack.submit(5, dependsOn=[{"type": "SEQUENTIAL"}])
        first = executor.task_of(f"{job}:0")
        stack.call("CancelJob", jobId=job, reason="enough")
        executor.end(first, Exit(0))
        assert stack.end_of(job) == ("FAILED", "enough")
        assert stack.end_of(f"{job}:4") == ("FAILED", "enough")
        assert len(executor.started) == 1


@pytest.mark.parametrize(
    ("size", "dependency", "complaint"),
    [
        (None, {"type": "SEQUENTIAL"}, "needs an array job"),
        (2, {"type": "SEQUENTIAL", "jobId": "EXISTING"}, "cannot have a job id"),
        (2, {}, "must have a job id"),
        (2, {"type": "N_TO_N"}, "must have a job id"),
        (2, {"type": "N_TO_N", "jobId": "EXISTING"}, "needs an array job of size 2"),
        (None, {"jobId": "nobody"}, "does not exist"),
    ],
)
def test_impossible_dependencies_are_refused(size, dependency, complaint):
    with Stack(ScriptedExecutor(), FixedControl()) as stack:
        existing = stack.submit(3)
        entry = {name: existing if value == "EXISTING" else value for name, value in dependency.items()}
        with pytest.raises(BatchFault, match=complaint):
            stack.submit(size, dependsOn=[entry])
