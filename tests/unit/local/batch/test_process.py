"""The process executor: real children of a real fork server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.batch_stack import FixedControl, Stack

from batchkit.local.batch.logs import MAX_LINE_BYTES
from batchkit.local.batch.process import ProcessExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASE = {"PATH": "/usr/bin:/bin", "AWS_REGION": "eu-west-1"}
PATIENCE = 60.0


def executor(**options: Any) -> ProcessExecutor:
    return ProcessExecutor(**{"environment": BASE, "main": "support.batch_mains:main", **options})


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack(executor(), grace=0.2) as running:
        yield running


def does(*command: str, **variables: str) -> dict[str, Any]:
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    return {"containerOverrides": {"command": list(command), "environment": environment}}


def until(condition: Callable[[], Any]) -> Any:
    """Wait for what only the operating system knows."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def said(stack: Stack, prefix: str) -> str:
    """Wait for a line of any task that starts so; its rest."""

    def find() -> list[str]:
        streams = list(stack.log.streams.values())
        return [line.text for lines in streams for line in list(lines) if line.text.startswith(prefix)]

    return str(until(find)[-1]).removeprefix(prefix)


def test_two_thousand_children_that_do_nothing_all_succeed(stack):
    job = stack.submit(2000)
    assert stack.end_of(job) == ("SUCCEEDED", None)
    assert stack.describe(job)["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 2000
    assert len(stack.log.streams) == 2000


@pytest.mark.parametrize(
    ("command", "code"),
    [(["nothing"], 0), (["exit", "3"], 3), (["exit", "256"], 0), (["leave", "bye"], 1), (["crash"], 1)],
)
def test_an_exit_code_is_what_the_interpreter_would_have_given(stack, command, code):
    job = stack.submit(**does(*command))
    stack.settle()
    assert stack.describe(job)["attempts"][0]["container"]["exitCode"] == code


def test_output_and_tracebacks_reach_the_log(stack):
    speaker, crasher, leaver = (
        stack.submit(**does(*command)) for command in (["say", "one", "zwei ü"], ["crash"], ["leave", "bye"])
    )
    stack.settle()
    assert stack.texts(speaker) == ["one", "zwei ü", "on stderr"]
    assert stack.texts(crasher)[-1] == "RuntimeError: out of cheese"
    assert stack.texts(leaver) == ["bye"]


def test_everything_a_task_wrote_is_there_when_it_is_over(stack):
    jobs = [stack.submit(**does("flood", str(size))) for size in (1, 65_536, 3_000_000)]
    stack.settle()
    for job, size in zip(jobs, (1, 65_536, 3_000_000), strict=True):
        texts = stack.texts(job)
        assert sum(map(len, texts)) == size
        assert max(map(len, texts)) <= MAX_LINE_BYTES


def test_a_task_has_its_own_environment_and_nothing_of_ours(stack, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    job = stack.submit(2, **does("show", "x", COLOUR="red"))
    stack.settle()
    facts = json.loads(stack.texts(f"{job}:1")[0])
    assert facts["environ"] == {
        **BASE,
        "COLOUR": "red",
        "AWS_BATCH_JOB_ID": f"{job}:1",
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_JQ_NAME": "bulk",
        "AWS_BATCH_CE_NAME": "spot",
        "AWS_BATCH_JOB_ARRAY_INDEX": "1",
        "AWS_BATCH_JOB_ARRAY_SIZE": "2",
    }
    assert facts["command"] == ["x"]
    assert facts["argv"] == ["batchkit", "show", "x"]
    assert facts["leads"] is True
    assert facts["fds"][:3] == [0, 1, 2]
    assert len(facts["fds"]) == 4  # the fourth is the listing itself


def test_the_server_preloads_once_for_all():
    with Stack(executor(preload="support.batch_mains:preload", preload_arguments=["a", "b"])) as stack:
        job = stack.submit(2, **does("show"))
        stack.settle()
        assert [json.loads(stack.texts(f"{job}:{index}")[0])["preloaded"] for index in (0, 1)] == [
            ["a", "b"]
        ] * 2


def test_a_preload_that_fails_is_the_reason_of_every_task():
    with Stack(executor(preload="support.batch_mains:broken_preload")) as stack:
        job = stack.submit(3, retryStrategy={"attempts": 2})
        assert stack.end_of(f"{job}:2") == ("FAILED", "Task failed to start")
        for attempt in stack.describe(f"{job}:2")["attempts"]:
            assert attempt["container"]["reason"] == "ImportError: no module named 'flux_capacitor'"
            assert "exitCode" not in attempt["container"]


def test_a_main_that_does_not_exist_is_the_reason_too():
    with Stack(executor(main="no_such_module:main")) as stack:
        job = stack.submit()
        assert stack.end_of(job) == ("FAILED", "Task failed to start")
        assert "no_such_module" in stack.describe(job)["attempts"][0]["container"]["reason"]


def test_a_killed_child_is_137_and_can_be_retried(stack):
    job = stack.submit(retryStrategy={"attempts": 2}, **does("die"))
    assert stack.end_of(job) == ("FAILED", "Essential container in task exited")
    assert [each["container"]["exitCode"] for each in stack.describe(job)["attempts"]] == [137, 137]


def test_a_retry_goes_on_until_it_works(stack):
    job = stack.submit(3, retryStrategy={"attempts": 4}, **does("fail_until", "3"))
    assert stack.end_of(job)[0] == "SUCCEEDED"
    assert [each["container"]["exitCode"] for each in stack.describe(f"{job}:2")["attempts"]] == [75, 75, 0]


def test_terminate_asks_first():
    with Stack(executor(), grace=PATIENCE) as stack:
        job = stack.submit(**does("stop_politely"))
        said(stack, "ready")
        stack.call("TerminateJob", jobId=job, reason="that will do")
        assert stack.end_of(job) == ("FAILED", "that will do")
        assert stack.texts(job) == ["ready", "asked to stop"]
        assert stack.describe(job)["container"]["exitCode"] == 75


def test_terminate_kills_who_does_not_listen(stack):
    job = stack.submit(**does("refuse_to_stop"))
    said(stack, "ready")
    stack.call("TerminateJob", jobId=job, reason="now")
    assert stack.end_of(job) == ("FAILED", "now")
    assert stack.describe(job)["container"]["exitCode"] == 137


@pytest.mark.parametrize("verb", ["leave_a_child", "hang_with_a_child"])
def test_what_a_task_started_ends_with_it(stack, verb):
    job = stack.submit(**does(verb))
    pid = int(said(stack, "pid "))
    stack.call("TerminateJob", jobId=job, reason="end of the test")
    stack.settle()
    until(lambda: not is_alive(pid))


def test_a_killed_server_is_a_lost_host_and_the_next_one_goes_on():
    runner = executor()
    with Stack(runner, FixedControl(max_vcpus=3)) as stack:
        entries = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
        job = stack.submit(
            3, retryStrategy={"attempts": 2, "evaluateOnExit": entries}, **does("hang_with_a_child")
        )
        first = _pids(stack, 3)
        lost, instance = runner.server_pid, runner.instance
        assert lost is not None
        os.kill(lost, signal.SIGKILL)
        second = _pids(stack, 6) - first
        assert runner.server_pid != lost
        until(lambda: not any(map(is_alive, first)))
        (attempt,) = stack.describe(f"{job}:0")["attempts"]
        assert attempt["statusReason"] == f"Host EC2 (instance {instance}) terminated."
        assert "exitCode" not in attempt["container"]
        assert stack.describe(f"{job}:0")["status"] == "RUNNING"
    until(lambda: not any(map(is_alive, second)))


def _pids(stack: Stack, count: int) -> set[int]:
    def find() -> set[int]:
        texts = [line.text for lines in list(stack.log.streams.values()) for line in list(lines)]
        return {int(text.split()[1]) for text in texts if text.startswith("pid ")}

    return set(until(lambda: find() if len(find()) >= count else None))


def test_closing_leaves_nothing_behind():
    runner = executor()
    with Stack(runner) as stack:
        stack.submit(2, **does("hang_with_a_child"))
        stack.submit(2, **does("refuse_to_stop"))
        children = _pids(stack, 2)
        said(stack, "ready")
        server = runner.server_pid
        assert server is not None
        family = {server, *_descendants(server)}
        assert family > children
    until(lambda: not any(map(is_alive, family)))


def test_a_server_that_hangs_in_its_imports_does_not_hold_up_the_end(tmp_path):
    module = tmp_path / "hangs_on_import.py"
    module.write_text("import time\nprint('importing', flush=True)\ntime.sleep(600)\n")
    sys.path.insert(0, str(tmp_path))
    try:
        with Stack(executor(preload="hangs_on_import:nothing")) as stack:
            stack.submit(500, parameters={"x": "y" * 20_000})
    finally:
        sys.path.remove(str(tmp_path))


def test_nothing_outlives_a_killed_parent(tmp_path):
    script = """
        import time
        from support.batch_stack import FixedControl, Stack
        from batchkit.local.batch.process import ProcessExecutor

        stack = Stack(ProcessExecutor(environment={"PATH": "/usr/bin:/bin"}, main="support.batch_mains:main"))
        stack.submit(3, containerOverrides={"command": ["hang_with_a_child"]})
        while sum(map(len, list(stack.log.streams.values()))) < 3:
            time.sleep(0.01)
        print("up", flush=True)
        time.sleep(600)
    """
    tests = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={"PYTHONPATH": str(tests), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        family = _descendants(parent.pid)
        assert len(family) == 7  # the server, three tasks, a child of each
        parent.kill()
    until(lambda: not any(map(is_alive, family)))


def _descendants(ancestor: int) -> set[int]:
    """The processes below `ancestor`, by parent id."""
    below: set[int] = set()
    parents = {ancestor}
    while parents:
        parents = {pid for pid, parent in _processes() if parent in parents} - below
        below |= parents
    return below


def _processes() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield int(entry.name), int(fields[1])


def test_ctrl_c_in_the_terminal_does_not_reach_server_and_children():
    runner = executor()
    with Stack(runner) as stack:
        stack.submit(**does("hang"))
        child, server = int(said(stack, "pid ")), runner.server_pid
        assert server is not None
        assert os.getsid(child) == child
        assert os.getsid(server) == server


def test_a_server_killed_while_many_tasks_start_loses_none_of_them():
    runner = executor()
    with Stack(runner, FixedControl(max_vcpus=8)) as stack:
        jobs = []
        for _ in range(3):
            before = len(stack.log.streams)
            # New tasks each time: a server that has none left is not followed by another.
            jobs.append(stack.submit(70, retryStrategy={"attempts": 10}))
            until(lambda before=before: len(stack.log.streams) > before + 10)
            pid = until(lambda: runner.server_pid)
            os.kill(pid, signal.SIGKILL)
            until(lambda pid=pid: runner.server_pid != pid)
        assert [stack.end_of(job)[0] for job in jobs] == ["SUCCEEDED"] * 3
