"""Jobs and queues at a glance, as the live page reads them."""

from __future__ import annotations

from support.batch_stack import FixedControl, ScriptedExecutor, Stack

from batchkit.local.batch.executor import Exit, Task


def index(task: Task) -> int:
    return int(task.environment.get("AWS_BATCH_JOB_ARRAY_INDEX", 0))


def test_the_newest_jobs_come_first_and_an_array_is_one_row_with_counts():
    with Stack(ScriptedExecutor(lambda task: Exit(int(index(task) == 1)))) as stack:
        plain, array = stack.submit(), stack.submit(3)
        stack.settle()
        rows = stack.batch.glance(10)["jobs"]
        assert [row["id"] for row in rows] == [array, plain]
        assert (rows[0]["size"], rows[0]["counts"]) == (3, {"SUCCEEDED": 2, "FAILED": 1})
        assert (rows[0]["status"], rows[0]["reason"]) == ("FAILED", "Array Child Job failed")
        assert (rows[1]["index"], rows[1]["attempts"]) == (None, 1)
        assert [row["id"] for row in stack.batch.glance(1)["jobs"]] == [array]


def test_jobs_of_one_name_are_told_apart_by_their_source_or_run():
    with Stack(ScriptedExecutor(lambda task: Exit(0))) as stack:
        stack.submit()
        stack.submit(parameters={"run": "b-1", "recipe": "r"})
        stack.submit(2, parameters={"key": "a.jpg", "run": "u-1"})
        stack.settle()
        assert [row["about"] for row in stack.batch.glance(10)["jobs"]] == ["a.jpg", "b-1", ""]


def test_a_queue_shows_what_is_taken_and_what_there_is():
    executor = ScriptedExecutor(lambda task: None)
    with Stack(executor, FixedControl(max_vcpus=4)) as stack:
        assert stack.batch.glance(1)["queues"] == []
        job = stack.submit(2)
        tasks = [executor.task_of(f"{job}:{each}") for each in (0, 1)]
        (queue,) = stack.batch.glance(1)["queues"]
        assert queue == {"name": "bulk", "environments": [{"name": "spot", "vcpus": 4, "used": 2.0}]}
        for task in tasks:
            executor.end(task, Exit(0))
        stack.settle()
        assert stack.batch.glance(1)["queues"][0]["environments"][0]["used"] == 0


def test_failed_children_come_first_and_the_rest_in_order():
    with Stack(ScriptedExecutor(lambda task: Exit(int(index(task) in (2, 4))))) as stack:
        job = stack.submit(6)
        stack.settle()
        assert [child["index"] for child in stack.batch.children(job, 10)] == [2, 4, 0, 1, 3, 5]
        assert [child["index"] for child in stack.batch.children(job, 3)] == [2, 4, 0]


def test_children_that_nobody_has_begun_are_not_shown():
    executor = ScriptedExecutor(lambda task: None)
    with Stack(executor, FixedControl(max_vcpus=1)) as stack:
        job = stack.submit(1000)
        executor.task_of(f"{job}:0")
        assert [child["id"] for child in stack.batch.children(job, 100)] == [f"{job}:0"]


def test_what_is_no_array_has_no_children_and_what_is_no_job_no_logs():
    with Stack(ScriptedExecutor()) as stack:
        plain, array = stack.submit(), stack.submit(2)
        stack.settle()
        assert stack.batch.children(plain, 10) == stack.batch.children("none", 10) == []
        assert stack.batch.streams(array) is stack.batch.streams("none") is None


def test_each_attempt_has_its_stream_and_the_one_under_way_too():
    retry = {"attempts": 3}
    executor = ScriptedExecutor(lambda task: Exit(1) if task.attempt == 1 else None)
    with Stack(executor) as stack:
        job = stack.submit(retryStrategy=retry)
        executor.task_of(job, 2)
        group, streams = stack.batch.streams(job)
        assert (group, len(streams), len(set(streams))) == ("/aws/batch/job", 2, 2)
        assert stack.batch.glance(1)["jobs"][0]["attempts"] == 2
