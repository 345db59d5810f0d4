"""ListJobs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batch_stack import ARN, FixedControl, HandClock, ScriptedExecutor, Stack

from batchkit.local.batch.executor import Exit, Task
from batchkit.local.batch.faults import BatchFault


def waiting(task: Task) -> None:
    return None


def ids(stack: Stack, **parameters: object) -> list[str]:
    return [each["jobId"] for each in stack.call("ListJobs", **parameters)["jobSummaryList"]]


def pages(stack: Stack, **parameters: object) -> list[list[str]]:
    collected, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        answer = stack.call("ListJobs", **parameters, **more)
        collected.append([each["jobId"] for each in answer["jobSummaryList"]])
        token = answer.get("nextToken")
        if token is None:
            return collected


def test_without_a_status_only_running_jobs_come_back():
    executor = ScriptedExecutor(lambda task: Exit(0) if "end" in task.command else None)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        stack.submit(containerOverrides={"command": ["end"]})
        stack.settle()
        running, runnable = stack.submit(), stack.submit()
        executor.task_of(running)
        assert ids(stack, jobQueue="bulk") == [running]
        assert ids(stack, jobQueue="bulk", jobStatus="RUNNABLE") == [runnable]


def test_children_are_listed_by_their_array_and_never_by_their_queue():
    with Stack(ScriptedExecutor()) as stack:
        job = stack.submit(5)
        stack.settle()
        assert ids(stack, jobQueue="bulk", jobStatus="SUCCEEDED") == [job]
        assert ids(stack, arrayJobId=job) == []
        assert ids(stack, arrayJobId=job, jobStatus="SUCCEEDED") == [f"{job}:{index}" for index in range(5)]
        rows = stack.call("ListJobs", arrayJobId=job, jobStatus="SUCCEEDED")["jobSummaryList"]
        assert [row["arrayProperties"]["index"] for row in rows] == list(range(5))
        assert {row["container"]["exitCode"] for row in rows} == {0}


def test_the_seven_states_of_an_array_add_up_to_its_size():
    executor = ScriptedExecutor(waiting)
    with Stack(executor, FixedControl(max_vcpus=2)) as stack:
        job = stack.submit(2500)
        executor.task_of(f"{job}:1")
        seen: list[str] = []
        with stack.batch._scheduler.lock:
            for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"):
                for page in pages(stack, arrayJobId=job, jobStatus=status):
                    assert len(page) <= 1000
                    seen += page
        assert sorted(seen) == sorted(f"{job}:{index}" for index in range(2500))


@settings(max_examples=20, deadline=None)
@given(count=st.integers(0, 13), size=st.integers(1, 14))
def test_pages_hold_every_job_once_newest_first(count, size):
    with Stack(ScriptedExecutor()) as stack:
        jobs = [stack.submit() for _ in range(count)]
        stack.settle()
        found = pages(stack, jobQueue="bulk", jobStatus="SUCCEEDED", maxResults=size)
        assert [job for page in found for job in page] == jobs[::-1]
        assert all(len(page) == size for page in found[:-1])


def test_jobs_that_arrive_between_two_pages_move_none_out_of_sight():
    with Stack(ScriptedExecutor()) as stack:
        old = [stack.submit() for _ in range(4)]
        stack.settle()
        first = stack.call("ListJobs", jobQueue="bulk", jobStatus="SUCCEEDED", maxResults=2)
        stack.submit()
        stack.settle()
        rest = ids(stack, jobQueue="bulk", jobStatus="SUCCEEDED", nextToken=first["nextToken"])
        assert [each["jobId"] for each in first["jobSummaryList"]] + rest == old[::-1]


def test_filters_ignore_the_status():
    control, clock = FixedControl(), HandClock()
    control.define("other")
    with Stack(ScriptedExecutor(), control, clock=clock) as stack:
        one = stack.submit(jobName="Test1")
        clock.seconds += 10
        two = stack.submit(jobName="test10", jobDefinition="other")
        stack.settle()

        def matching(name: str, value: str) -> list[str]:
            wanted = [{"name": name, "values": [value]}]
            return ids(stack, jobQueue="bulk", jobStatus="RUNNABLE", filters=wanted)

        created = str(stack.describe(two)["createdAt"])
        assert matching("JOB_NAME", "test1") == [one]
        assert matching("JOB_NAME", "TEST1*") == [two, one]
        assert matching("JOB_DEFINITION", "worker") == [one]
        assert matching("JOB_DEFINITION", "Other") == []
        assert matching("JOB_DEFINITION", "o*") == [two]
        assert matching("JOB_DEFINITION", f"{ARN}:job-definition/other:1") == [two]
        assert matching("BEFORE_CREATED_AT", created) == [one]
        assert matching("AFTER_CREATED_AT", created) == []
        assert matching("AFTER_CREATED_AT", "0") == [two, one]
        assert matching("SHARE_IDENTIFIER", "none") == []


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({}, "exactly one"),
        ({"jobQueue": "bulk", "arrayJobId": "x"}, "exactly one"),
        ({"multiNodeJobId": "x"}, "not supported"),
        ({"jobQueue": "nowhere"}, "not found"),
        ({"arrayJobId": "nobody"}, "no array job"),
        ({"jobQueue": "bulk", "jobStatus": "DONE"}, "must be one of"),
        ({"jobQueue": "bulk", "maxResults": 0}, "at least 1"),
        ({"jobQueue": "bulk", "nextToken": "garbage"}, "nextToken"),
        ({"jobQueue": "bulk", "nextToken": "é"}, "nextToken"),
        ({"jobQueue": "bulk", "filters": [{"name": "COLOUR", "values": ["x"]}]}, "name of"),
        ({"jobQueue": "bulk", "filters": [{"name": "JOB_NAME", "values": []}]}, "one value"),
        ({"jobQueue": "bulk", "filters": [{"name": "JOB_NAME", "values": ["x"]}] * 2}, "only one filter"),
        (
            {"jobQueue": "bulk", "filters": [{"name": "AFTER_CREATED_AT", "values": ["today"]}]},
            "milliseconds",
        ),
    ],
)
def test_requests_that_cannot_be_answered_are_refused(parameters, complaint):
    with Stack(ScriptedExecutor()) as stack:
        stack.submit()
        with pytest.raises(BatchFault, match=complaint):
            stack.call("ListJobs", **parameters)
