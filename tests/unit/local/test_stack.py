"""The stack as a whole: its beginning, its end, and what must not survive it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from support.stack_world import running

from batchkit.errors import ConfigError

SECONDS = 60


def test_two_stacks_one_after_the_other_share_nothing() -> None:
    with running() as first:
        first.bucket("mine")
        first.queue("mine")
        first.events.put_rule(Name="mine", EventPattern='{"source": ["x"]}')
        address = first.stack.endpoint
    with running() as second:
        assert second.s3.list_buckets()["Buckets"] == []
        assert second.sqs.list_queues().get("QueueUrls", []) == []
        assert second.events.list_rules()["Rules"] == []
        assert second.bucket("mine") == "mine"
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address)  # noqa: S310 (the address that the stack had)


def test_a_second_stack_at_the_same_time_is_refused_and_harms_nothing() -> None:
    with running() as world:
        world.bucket("kept")
        with pytest.raises(ConfigError, match="already running"), running():
            pass
        assert len(world.s3.list_buckets()["Buckets"]) == 1


def test_a_taken_port_is_refused_with_advice_and_leaves_nothing_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match="cannot listen") as caught, running(port=port):
            pass
    assert str(port) in str(caught.value)
    with running() as world:
        assert world.s3.list_buckets()["Buckets"] == []


def test_a_stack_listens_where_it_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with running(port=port) as world:
        assert world.stack.endpoint == f"http://127.0.0.1:{port}"
        assert world.s3.list_buckets()["Buckets"] == []


def test_closing_twice_is_closing_once_and_nothing_is_left() -> None:
    threads = set(threading.enumerate())
    with running() as world:
        world.function("left", "def handler(event, context): return 1")
        world.client("lambda").invoke(FunctionName="left")
        [pid] = world.stack.runtime.pids().values()
        world.stack.close()
        world.stack.close()
        assert world.executor.closed
    for each in set(threading.enumerate()) - threads:
        # The thread of a client whose connection was ended may still have to hear of it.
        each.join(SECONDS)
        assert not each.is_alive()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_closing_does_not_wait_for_events_that_are_retried_or_for_idle_clients() -> None:
    with running(scale=3600) as world:
        world.function("fails", "def handler(event, context): raise ValueError")
        world.client("lambda").invoke(FunctionName="fails", InvocationType="Event")
        assert not world.stack.drain(1)


def test_the_environment_leads_any_sdk_to_the_stack_and_nowhere_else() -> None:
    with running() as world:
        environment = world.stack.environment
        assert environment["AWS_ENDPOINT_URL"] == world.stack.endpoint
        assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
        assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= set(environment)


def test_ctrl_c_ends_a_stack_and_its_functions() -> None:
    script = (
        "import json, sys, time\n"
        "from support.stack_world import running\n"
        "with running() as world:\n"
        "    world.function('busy', 'import time\\ndef handler(event, context): time.sleep(3600)')\n"
        "    world.client('lambda').invoke(FunctionName='busy', InvocationType='Event')\n"
        "    while not world.stack.runtime.pids(): time.sleep(0.01)\n"
        "    print(json.dumps(world.stack.runtime.pids()), flush=True)\n"
        "    time.sleep(3600)\n"
    )
    tests = Path(__file__).parents[2]
    stack = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    assert stack.stdout is not None
    [pid] = json.loads(stack.stdout.readline()).values()
    stack.send_signal(signal.SIGINT)
    _, errors = stack.communicate(timeout=SECONDS)
    assert "KeyboardInterrupt" in errors
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
