"""The docker executor under local Batch, with a real engine and programs of a few lines."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from support.batch_stack import FixedControl, HandClock, Stack
from support.docker_proxy import Proxy

from batchkit.local.batch.executor import Executor
from batchkit.local.docker import ownership
from batchkit.local.docker.engine import Engine, Host, connect
from batchkit.local.docker.executor import DockerExecutor
from batchkit.local.faults import Faults
from batchkit.local.spot import SpotReclaims

PARENT = Path(__file__).parents[1] / "support" / "docker_parent.py"
SECONDS = 300.0
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"

HANG = "import time; time.sleep(600)"
POLITE = """
import signal, sys, time
def leave(*_):
    print("asked to stop", flush=True)
    sys.exit(75)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
time.sleep(600)
"""
GREEDY = "print('begin', flush=True); hoard = bytearray(256 << 20); print('survived')"
PROBE = """
import json, os, sys
def writes(path):
    try:
        with open(os.path.join(path, "probe"), "w") as file:
            file.write("x")
        return True
    except OSError:
        return False
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "uid": os.getuid(), "gid": os.getgid(),
    "capabilities": status["CapEff"].strip(), "no_new_privileges": status["NoNewPrivs"].strip(),
    "writable": [path for path in sys.argv[1:] if writes(path)],
}))
"""
# Everywhere that a file could be left behind. /dev/shm is memory, and writable on AWS as well.
PLACES = ("/", "/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/var", "/var/tmp")  # noqa: S108


@contextmanager
def stack(
    image: str,
    *,
    wrap: Callable[[Executor], Executor] = lambda inner: inner,
    engine: Engine | None = None,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Stack]:
    """Local Batch over containers of `image`; nothing of it is left at the end."""
    inner = DockerExecutor(engine=engine or connect(64), environment=environment or {}, image=lambda _: image)
    with Stack(wrap(inner), FixedControl(max_vcpus=4), **options) as made:
        made.control.define("worker", container=container("0.5"))
        yield made
    assert left(inner.stack) == []


def container(vcpus: str, memory: str = "64", **members: Any) -> dict[str, Any]:
    """A definition like the deployed one, but for resources that suit a crowd."""
    wanted = [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}]
    return {"resourceRequirements": wanted, "user": "10001:10001", "readonlyRootFilesystem": True, **members}


@contextmanager
def listening(answer: str) -> Iterator[str]:
    """The address of a server on the loopback that has one answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def left(name: str) -> list[Any]:
    engine = connect()
    try:
        return [*engine.containers(f"{ownership.STACK}={name}"), *engine.volumes(f"{ownership.STACK}={name}")]
    finally:
        engine.close()


def program(text: str, *arguments: str) -> dict[str, Any]:
    return {"containerOverrides": {"command": ["python3", "-c", text, *arguments]}}


def until(condition: Callable[[], object]) -> None:
    """Look again and again; for things that nobody tells."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def wait_for_text(made: Stack, text: str) -> None:
    until(lambda: any(line.text == text for lines in list(made.log.streams.values()) for line in list(lines)))


def only(made: Stack, job: str) -> dict[str, Any]:
    """The one attempt of a job."""
    made.settle()
    (attempt,) = made.describe(job)["attempts"]
    return dict(attempt)


def test_what_a_container_says_arrives_complete_and_in_order(engine: DockerClient, base_image: str) -> None:
    text = "import sys\nfor n in range(20000): print(n)\nsys.stdout.write('the last words')"
    with stack(base_image) as made:
        job = made.submit(**program(text))
        assert made.end_of(job) == ("SUCCEEDED", "Essential container in task exited")
        assert made.texts(job) == [*map(str, range(20000)), "the last words"]


def test_hostile_arguments_and_variables_arrive_as_they_are(engine: DockerClient, base_image: str) -> None:
    hostile = ["$(id)", "a b", "'\"`", "; rm -rf /", "--privileged", "-v/:/host", "é\u202e\n\t", "%s{0}\\"]
    text = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['X'], os.environ['BASE']]))"
    request = program(text, *hostile)
    request["containerOverrides"]["environment"] = [{"name": "X", "value": "a=b\n$HOME"}]
    with stack(base_image, environment={"BASE": "from the stack"}) as made:
        job = made.submit(**request)
        made.settle()
        assert [json.loads(line) for line in made.texts(job)] == [[hostile, "a=b\n$HOME", "from the stack"]]


def test_a_container_reaches_the_endpoint_on_the_loopback(engine: DockerClient, base_image: str) -> None:
    text = "import os, urllib.request as u; print(u.urlopen(os.environ['AWS_ENDPOINT_URL']).read().decode())"
    with (
        listening("found me") as endpoint,
        stack(base_image, environment={"AWS_ENDPOINT_URL": endpoint}) as made,
    ):
        job = made.submit(**program(text))
        made.settle()
        assert made.texts(job) == ["found me"]


def test_a_container_is_not_root_and_writes_only_to_its_tmpfs(engine: DockerClient, base_image: str) -> None:
    tmpfs = {"tmpfs": [{"containerPath": "/tmp", "size": 8, "mountOptions": ["mode=1777"]}]}  # noqa: S108
    with stack(base_image) as made:
        made.control.define("tidy", container=container("1", linuxParameters=tmpfs))
        job = made.submit(jobDefinition="tidy", **program(PROBE, *PLACES))
        bare = made.submit(**program(PROBE, *PLACES))
        made.settle()
        (line,), (bare_line,) = made.texts(job), made.texts(bare)
    assert json.loads(line) == {
        "uid": 10001,
        "gid": 10001,
        "capabilities": "0000000000000000",
        "no_new_privileges": "1",
        "writable": ["/tmp"],  # noqa: S108
    }
    assert json.loads(bare_line)["writable"] == []


def test_a_volume_without_a_host_path_goes_with_its_child(engine: DockerClient, base_image: str) -> None:
    scratch = {
        "volumes": [{"name": "scratch", "host": {}}],
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch"}],
        "user": "0",
    }
    with stack(base_image) as made:
        made.control.define("roomy", container=container("1", **scratch))
        job = made.submit(jobDefinition="roomy", **program(PROBE, "/", "/scratch"))
        made.settle()
        (line,) = made.texts(job)
    assert json.loads(line)["writable"] == ["/scratch"]


def test_a_child_that_exceeds_its_memory_is_out_of_memory(engine: DockerClient, base_image: str) -> None:
    rules = [{"onReason": "OutOfMemoryError*", "action": "EXIT"}, {"onExitCode": "137", "action": "RETRY"}]
    with stack(base_image) as made:
        job = made.submit(retryStrategy={"attempts": 3, "evaluateOnExit": rules}, **program(GREEDY))
        attempt = only(made, job)
        assert made.end_of(job) == ("FAILED", "Essential container in task exited")
        assert (attempt["container"]["exitCode"], attempt["container"]["reason"]) == (137, OUT_OF_MEMORY)
        assert made.texts(job) == ["begin"]


def test_an_exit_code_that_the_definition_retries_is_retried(engine: DockerClient, base_image: str) -> None:
    text = "import os, sys; sys.exit(75 if os.environ['AWS_BATCH_JOB_ATTEMPT'] == '1' else 0)"
    rules = [{"onExitCode": "75", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    with stack(base_image) as made:
        job = made.submit(retryStrategy={"attempts": 3, "evaluateOnExit": rules}, **program(text))
        assert made.end_of(job)[0] == "SUCCEEDED"
        codes = [each["container"]["exitCode"] for each in made.describe(job)["attempts"]]
    assert codes == [75, 0]


def test_a_missing_image_and_a_missing_program_failed_to_start(engine: DockerClient, base_image: str) -> None:
    with stack("batchkit-no-such-image:1") as made:
        attempt = only(made, made.submit(**program("pass")))
        assert attempt["statusReason"] == "Task failed to start"
        assert attempt["container"]["reason"].startswith("CannotPullContainerError: ")
    with stack(base_image) as made:
        attempt = only(made, made.submit(containerOverrides={"command": ["/no/such/program"]}))
        assert attempt["statusReason"] == "Task failed to start"
        assert attempt["container"]["reason"].startswith("CannotStartContainerError: ")
        assert "exitCode" not in attempt["container"]


def test_a_child_that_hangs_is_stopped_by_its_timeout(engine: DockerClient, base_image: str) -> None:
    clock = HandClock()
    with stack(base_image, clock=clock, grace=0.5) as made:
        job = made.submit(timeout={"attemptDurationSeconds": 60}, **program(HANG))
        until(lambda: made.describe(job)["status"] == "RUNNING")
        clock.seconds += 61
        made.batch.wake()
        assert made.end_of(job) == ("FAILED", "Job attempt duration exceeded timeout")
        # PID 1 without a handler ignores SIGTERM: this is the SIGKILL after the grace.
        assert only(made, job)["container"]["exitCode"] == 137


def test_a_terminated_child_may_leave_politely(engine: DockerClient, base_image: str) -> None:
    with stack(base_image, grace=SECONDS) as made:
        job = made.submit(**program(POLITE))
        wait_for_text(made, "ready")
        made.call("TerminateJob", jobId=job, reason="enough")
        assert made.end_of(job) == ("FAILED", "enough")
        assert only(made, job)["container"]["exitCode"] == 75
        assert made.texts(job) == ["ready", "asked to stop"]


def test_a_silent_child_outlives_the_patience_of_a_socket(engine: DockerClient, base_image: str) -> None:
    # Patient enough for a busy engine to make a container.
    impatient = Engine(DockerClient.from_env(timeout=10), Host(cpus=2))
    with stack(base_image, engine=impatient) as made:
        job = made.submit(**program("import time; print('a', flush=True); time.sleep(12); print('b')"))
        assert made.end_of(job)[0] == "SUCCEEDED"
        assert made.texts(job) == ["a", "b"]


def test_a_child_that_closes_its_streams_is_still_waited_for(engine: DockerClient, base_image: str) -> None:
    text = "import os, time; os.close(1); os.close(2); time.sleep(1); os._exit(3)"
    with stack(base_image) as made:
        assert only(made, made.submit(**program(text)))["container"]["exitCode"] == 3


def test_thirty_containers_with_reclaims_all_end_well(engine: DockerClient, base_image: str) -> None:
    faults = Faults(spot=0.3, seed=7)
    text = "import time; time.sleep(0.2); print('done')"
    rules = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    with stack(base_image, wrap=lambda inner: SpotReclaims(inner, faults, grace=0.5)) as made:
        job = made.submit(30, retryStrategy={"attempts": 10, "evaluateOnExit": rules}, **program(text))
        made.settle()
        assert made.describe(job)["status"] == "SUCCEEDED"
        children = [made.describe(f"{job}:{index}")["attempts"] for index in range(30)]
    repeated = [each for attempts in children for each in attempts[:-1]]
    assert repeated
    assert all(each["statusReason"].startswith("Host EC2 (instance i-") for each in repeated)


def test_a_child_can_be_reclaimed_on_request(engine: DockerClient, base_image: str) -> None:
    wrapped: list[SpotReclaims] = []

    def wrap(inner: Executor) -> Executor:
        wrapped.append(SpotReclaims(inner, Faults()))
        return wrapped[0]

    rules = [{"onStatusReason": "Host EC2*", "action": "RETRY"}]
    text = POLITE.replace(
        "time.sleep(600)", "import os; time.sleep(600 * (os.environ['AWS_BATCH_JOB_ATTEMPT'] == '1'))"
    )
    with stack(base_image, wrap=wrap) as made:
        job = made.submit(retryStrategy={"attempts": 2, "evaluateOnExit": rules}, **program(text))
        wait_for_text(made, "ready")
        assert wrapped[0].reclaim(job)
        assert made.end_of(job)[0] == "SUCCEEDED"
        assert made.texts(job, attempt=0) == ["ready", "asked to stop"]


def test_closing_leaves_no_container_of_those_that_run(engine: DockerClient, base_image: str) -> None:
    with stack(base_image) as made:
        job = made.submit(12, **program(HANG))
        until(lambda: made.describe(job)["arrayProperties"]["statusSummary"]["RUNNING"] >= 4)


def test_an_engine_that_goes_away_is_a_host_that_goes_away(
    engine: DockerClient, base_image: str, tmp_path: Path
) -> None:
    rules = [{"onStatusReason": "Host EC2*", "action": "EXIT"}]
    with Proxy(tmp_path / "engine.sock") as proxy:
        lost = Engine(DockerClient(base_url=proxy.url), Host(cpus=2))
        with stack(base_image, engine=lost) as made:
            job = made.submit(retryStrategy={"attempts": 2, "evaluateOnExit": rules}, **program(POLITE))
            wait_for_text(made, "ready")
            proxy.cut()
            attempt = only(made, job)
            assert attempt["statusReason"].startswith("Host EC2 (instance i-")
            assert attempt["container"]["reason"].startswith("the container engine was lost: ")


@contextmanager
def parent(image: str, count: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process whose `count` tasks run, and the name of its stack."""
    arguments = [sys.executable, str(PARENT), image, str(count)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert len(left(name)) == count
        try:
            yield process, name
        finally:
            process.kill()


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_parent_that_is_killed_leaves_no_container(
    engine: DockerClient, base_image: str, signum: signal.Signals
) -> None:
    with parent(base_image, 5) as (process, name):
        os.killpg(process.pid, signum)
        process.wait()
        until(lambda: left(name) == [])


def test_what_a_killed_parent_and_its_reaper_left_goes_at_the_next_start(
    engine: DockerClient, base_image: str
) -> None:
    with parent(base_image, 2) as (process, name):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for pid in map(int, children):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        with stack(base_image):
            assert left(name) == []
