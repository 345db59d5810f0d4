"""Functions run from nothing but their zip, and what becomes of an event whose handler fails."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from batchkit.local.functions import Function
from batchkit.local.lambda_runtime import FunctionError, LambdaRuntime, worker_command

if TYPE_CHECKING:
    from pathlib import Path

    from support.stack_world import StackWorld

HANDLER = """
import json, os, sys, boto3

def handler(event, context):
    print("got", json.dumps(event))
    what = event.get("do")
    if what == "raise":
        raise KeyError("no such thing")
    if what == "die":
        os._exit(3)
    if what == "sleep":
        import time
        time.sleep(3600)
    if what == "import":
        __import__(event["module"])
    if what == "exit":
        sys.exit("leaving")
    if what == "bytes":
        return b"not json"
    return {
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "account": boto3.client("sts").get_caller_identity()["Account"],
        "remaining": context.get_remaining_time_in_millis(),
        "name": context.function_name,
    }
"""


@pytest.fixture(scope="module")
def function(world: StackWorld) -> str:
    return world.function("works", HANDLER, GREETING="hello +é")


def invoke(world: StackWorld, name: str, **event: Any) -> tuple[str | None, Any]:
    """(function error, payload)."""
    answer = world.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.load(answer["Payload"])


def test_a_function_has_its_environment_and_no_other(
    world: StackWorld, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    error, result = invoke(world, function)
    assert error is None
    environment = result["environment"]
    assert environment["GREETING"] == "hello +é"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == result["name"] == "works"
    assert environment["AWS_ENDPOINT_URL"] == world.stack.endpoint
    assert "SECRET_OF_THE_SHELL" not in environment
    assert "HOME" not in environment
    assert result["account"] == "123456789012"
    assert 0 < result["remaining"] <= 20_000


@pytest.mark.parametrize("module", ["batchkit", "msgspec", "moto", "click", "PIL", "yaml"])
def test_what_is_not_in_the_zip_cannot_be_imported(world: StackWorld, function: str, module: str) -> None:
    error, report = invoke(world, function, do="import", module=module)
    assert error == "Unhandled"
    assert report["errorType"] == "ModuleNotFoundError"


def test_the_process_stays_warm(world: StackWorld, function: str) -> None:
    assert invoke(world, function)[1]["pid"] == invoke(world, function)[1]["pid"]


def test_an_exception_is_reported_and_the_process_goes_on(world: StackWorld, function: str) -> None:
    before = invoke(world, function)[1]["pid"]
    error, report = invoke(world, function, do="raise")
    assert (error, report["errorType"]) == ("Unhandled", "KeyError")
    assert "no such thing" in report["errorMessage"]
    assert invoke(world, function, do="exit")[1]["errorType"] == "SystemExit"
    assert invoke(world, function, do="bytes")[1]["errorType"] == "TypeError"
    assert invoke(world, function)[1]["pid"] == before


def test_a_process_that_dies_is_reported_and_replaced(world: StackWorld, function: str) -> None:
    before = invoke(world, function)[1]["pid"]
    error, report = invoke(world, function, do="die")
    assert (error, report["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert invoke(world, function)[1]["pid"] != before


def test_a_process_that_was_killed_while_idle_is_replaced(world: StackWorld, function: str) -> None:
    before = invoke(world, function)[1]["pid"]
    os.kill(before, signal.SIGKILL)
    results = [invoke(world, function) for _ in range(2)]
    assert results[-1][0] is None
    assert results[-1][1]["pid"] != before


def test_a_function_that_takes_too_long_is_stopped(world: StackWorld) -> None:
    name = world.function("slow", HANDLER, timeout=1)
    error, report = invoke(world, name, do="sleep")
    assert (error, report["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert report["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_new_code_and_a_new_environment_take_effect(world: StackWorld) -> None:
    from support.stack_world import zipped

    awslambda, name = world.client("lambda"), world.function("changing", HANDLER, COLOUR="red")
    assert invoke(world, name)[1]["environment"]["COLOUR"] == "red"
    awslambda.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOUR": "blue"}})
    assert invoke(world, name)[1]["environment"]["COLOUR"] == "blue"
    code = zipped({"task.py": "def handler(event, context): return 'new'"})
    awslambda.update_function_code(FunctionName=name, ZipFile=code)
    assert invoke(world, name)[1] == "new"


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        ("import not_there", "ModuleNotFoundError"),
        ("def handle(event, context): pass", "AttributeError"),
        ("def handler(:", "SyntaxError"),
    ],
)
def test_a_handler_that_cannot_be_loaded_says_why_each_time(
    world: StackWorld, code: str, error_type: str
) -> None:
    name = world.function(f"broken-{error_type}", code)
    for _ in range(2):
        error, report = invoke(world, name)
        assert (error, report["errorType"]) == ("Unhandled", error_type)


def test_what_a_function_prints_is_in_its_log(world: StackWorld) -> None:
    name = world.function("talks", HANDLER)
    invoke(world, name, n=1)
    invoke(world, name, do="raise")
    world.settle()
    logs = world.client("logs")
    events = logs.filter_log_events(logGroupName="/aws/lambda/talks")["events"]
    texts = [event["message"] for event in events]
    assert texts[:2] == ['got {"n": 1}', 'got {"do": "raise"}']
    assert "[ERROR] KeyError: 'no such thing'" in texts


@pytest.mark.parametrize("end", ["return", "raise KeyError(1)", "os._exit(3)"], ids=["well", "badly", "dead"])
def test_an_answer_comes_when_all_that_was_printed_before_it_is_in_the_log(end: str) -> None:
    from support.stack_world import zipped

    lines: list[str] = []

    def log(group: str, stream: str, texts: list[str]) -> None:
        time.sleep(0.05)
        lines.extend(texts)

    prints = "    print('a')\n    print('b', end='', flush=True)\n"
    code = f"import os\ndef handler(event, context):\n{prints}    {end}"
    function = Function("f", "arn", "task.handler", 60, 128, {}, zipped({"task.py": code}), "1", "", 0, None)
    runtime = LambdaRuntime({}, log)
    try:
        with contextlib.suppress(FunctionError):
            runtime.invoke(function, {})
        assert "".join(lines).startswith("ab")
    finally:
        runtime.close()


def test_a_failing_event_ends_in_the_dead_letters_of_the_function_not_of_the_rule(world: StackWorld) -> None:
    arn, rule_dead, own_dead = (
        world.function("fails", HANDLER),
        world.queue("rule-dead"),
        world.queue("own-dead"),
    )
    world.stack.backends.of("lambda").get_function("fails").dead_letter_arn = own_dead
    target = {"Arn": arn, "InputPath": "$.detail", "DeadLetterConfig": {"Arn": rule_dead}}
    world.rule("fails", {"detail": {"do": ["raise"]}}, target)
    world.put_event({"do": "raise", "n": 7})
    assert world.messages(rule_dead) == []
    [message] = world.messages(own_dead)
    assert json.loads(message["Body"]) == {"do": "raise", "n": 7}
    assert message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"] == "KeyError: 'no such thing'"


def test_a_rule_without_permission_to_invoke_has_its_event_buried(world: StackWorld) -> None:
    arn, dead = world.function("closed", HANDLER), world.queue("closed-dead")
    world.client("lambda").remove_permission(FunctionName="closed", StatementId="events")
    world.rule("closed", {"detail": {"closed": [1]}}, {"Arn": arn, "DeadLetterConfig": {"Arn": dead}})
    world.put_event({"closed": 1})
    [message] = world.messages(dead)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_an_asynchronous_failure_is_tried_three_times(world: StackWorld) -> None:
    name = world.function(
        "counts", "def handler(event, context):\n    print('try')\n    raise ValueError(event)"
    )
    answer = world.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    assert answer["StatusCode"] == 202
    world.settle()
    events = world.client("logs").filter_log_events(logGroupName="/aws/lambda/counts")["events"]
    assert sum(event["message"] == "try" for event in events) == 3
    [lost] = [each for each in world.traces if each.kind == "dead-letter" and each.text.startswith("counts")]
    assert lost.data["lost"] == "the function has no dead-letter queue"


def test_a_function_that_does_not_exist_is_not_found(world: StackWorld) -> None:
    awslambda = world.client("lambda")
    with pytest.raises(awslambda.exceptions.ResourceNotFoundException):
        awslambda.invoke(FunctionName="nobody")


def test_a_busy_function_dies_with_whoever_started_it(tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text(
        "import os, time\n"
        "def handler(event, context):\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(3600)\n"
    )
    message = json.dumps({"request_id": "r", "arn": "a", "timeout": 3600, "event": {}}) + "\n"
    # A process of its own plays the stack: it starts the worker, gives it work, says its pid and is killed.
    script = (
        "import os, subprocess, sys, json\n"
        "command, message = json.loads(sys.argv[1])\n"
        "command[4] = str(os.getpid())\n"
        "environment = {f'AWS_LAMBDA_{n}': 'x' for n in "
        "('FUNCTION_NAME', 'FUNCTION_MEMORY_SIZE', 'LOG_GROUP_NAME', 'LOG_STREAM_NAME')}\n"
        "worker = subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, env=environment)\n"
        "worker.stdin.write(message.encode()); worker.stdin.flush()\n"
        "print(worker.stderr.readline().decode().strip(), flush=True)\n"
        "input()\n"
    )
    command = worker_command("task.handler", tmp_path, tmp_path)
    parent = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps([command, message])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    assert gone(worker)


def gone(pid: int) -> bool:
    """Waits for the end of a process that is nobody's child here."""
    for _ in range(3000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False
