"""Lambda's runtime on one machine: a warm process for each function, running the zip that was deployed.

The process sees the zip, the standard library and the boto3 that Lambda's Python runtime brings, and none
of this installation: a module missing from the zip is missing here as it would be on AWS.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Lock, Thread, Timer
from typing import TYPE_CHECKING, Any

from batchkit.local import lambda_worker, scratch

if TYPE_CHECKING:
    from batchkit.local.functions import Function

# What Lambda's Python runtime brings, with what it stands on.
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")

# How long an answer waits for what was printed before it: longer only where a handler has closed its stderr.
LOG_SECONDS = 5.0

WriteLines = Callable[[str, str, list[str]], None]


class FunctionError(Exception):
    """The handler raised, could not be loaded, ran out of time or died. `report` is what Lambda answers."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        self.report = dict(report)
        super().__init__(f"{self.report.get('errorType')}: {self.report.get('errorMessage')}")


class LambdaRuntime:
    """Runs functions, one invocation of each at a time. Thread-safe; `close` it.

    `environment` is what every function gets besides its own variables; `log` takes (group, stream, lines).
    """

    def __init__(self, environment: Mapping[str, str], log: WriteLines) -> None:
        self._environment = dict(environment)
        self._log = log
        self._processes: dict[str, Process] = {}
        self._lock = Lock()
        self._closed = False
        # The kernel ties a child to the thread that started it (PR_SET_PDEATHSIG): one that lives on.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="lambda-starter")
        self._folder = scratch.make("batchkit-lambda-")
        self._packages = link_packages(Path(self._folder.name) / "runtime", RUNTIME_PACKAGES)

    def invoke(self, function: Function, event: Any) -> Any:
        """What the handler returned, when all that it printed is in its log. Raises FunctionError; the next
        invocation gets a fresh process then if the old one is gone.
        """
        return self._process(function).invoke(event)

    def pids(self) -> dict[str, int]:
        """Process ids by function name."""
        with self._lock:
            return {name: process.pid for name, process in self._processes.items()}

    def close(self) -> None:
        """Kills every process. A second call does nothing."""
        with self._lock:
            self._closed = True
            processes = list(self._processes.values())
            self._processes.clear()
        for process in processes:
            process.kill()
        self._starter.shutdown()
        self._folder.cleanup()

    def _process(self, function: Function) -> Process:
        with self._lock:
            if self._closed:
                raise FunctionError({"errorType": "Runtime.Closed", "errorMessage": "the stack is closing"})
            running = self._processes.get(function.name)
            if running is not None and running.serves(function):
                return running
            if running is not None:
                running.kill()
            started = self._starter.submit(self._start, function).result()
            self._processes[function.name] = started
            return started

    def _start(self, function: Function) -> Process:
        folder = Path(tempfile.mkdtemp(prefix="task-", dir=self._folder.name))
        with zipfile.ZipFile(io.BytesIO(function.code)) as archive:
            archive.extractall(folder)
        return Process(function, folder, self._packages, self._environment, self._log)


class Process:
    """One process of one version of a function."""

    def __init__(
        self,
        function: Function,
        folder: Path,
        packages: Path,
        environment: Mapping[str, str],
        log: WriteLines,
    ) -> None:
        self._function = function
        self._group = f"/aws/lambda/{function.name}"
        self._stream = f"[$LATEST]{uuid.uuid4().hex}"
        self._log = log
        self._turn = Lock()
        self._log_ended = Event()
        self._process = subprocess.Popen(
            worker_command(function.handler, folder, packages),
            cwd=folder,
            env={**environment, **self._own_environment(), **function.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Out of the terminal's reach: Ctrl-C is for the stack, which ends its processes itself.
            process_group=0,
        )
        self._logging = Thread(target=self._copy_log, name=f"lambda-{function.name}", daemon=True)
        self._logging.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def serves(self, function: Function) -> bool:
        """Whether this process still runs, and runs just this version."""
        return self._function.version == function.version and self._process.poll() is None

    def invoke(self, event: Any) -> Any:
        with self._turn:
            answer = self._ask(event)
        if "error" in answer:
            raise FunctionError(answer["error"])
        return answer["result"]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            _close(pipe)
        self._logging.join()

    def _ask(self, event: Any) -> dict[str, Any]:
        request_id = str(uuid.uuid4())
        timeout = self._function.timeout
        message = {"request_id": request_id, "arn": self._function.arn, "timeout": timeout, "event": event}
        expired = Event()
        timer = Timer(timeout, self._expire, [expired])
        timer.start()
        self._log_ended.clear()
        try:
            line = self._exchange(json.dumps(message).encode() + b"\n")
        finally:
            timer.cancel()
        self._await_log(is_answered=bool(line))
        if line:
            return dict(json.loads(line))
        if expired.is_set():
            text = f"{request_id} Task timed out after {timeout:.2f} seconds"
            return _error("Sandbox.Timedout", text)
        code = self._process.wait()
        return _error(
            "Runtime.ExitError", f"{request_id} Error: Runtime exited with error: exit status {code}"
        )

    def _expire(self, expired: Event) -> None:
        expired.set()
        self._process.kill()

    def _exchange(self, message: bytes) -> bytes:
        """The answer's line; empty if the process is gone."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return b""
        try:
            stdin.write(message)
            stdin.flush()
            return stdout.readline()
        except (OSError, ValueError):
            return b""  # it died before it read, or the stack is closing

    def _await_log(self, *, is_answered: bool) -> None:
        if is_answered and self._logging.is_alive():
            self._log_ended.wait(LOG_SECONDS)
        else:
            self._logging.join(LOG_SECONDS)

    def _own_environment(self) -> dict[str, str]:
        return {
            "AWS_LAMBDA_FUNCTION_NAME": self._function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": self._group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._stream,
            "_HANDLER": self._function.handler,
        }

    def _copy_log(self) -> None:
        stderr = self._process.stderr
        if stderr is not None:
            with stderr:
                for line in stderr:
                    self._copy_line(line.decode(errors="replace").rstrip("\n"))
        self._log_ended.set()

    def _copy_line(self, line: str) -> None:
        text, end, _ = line.partition(lambda_worker.END_OF_LOG)
        if text or not end:
            self._log(self._group, self._stream, [text])
        if end:
            self._log_ended.set()


def worker_command(handler: str, folder: Path, packages: Path) -> list[str]:
    """Python without site-packages (-S), without the user's folder and PYTHON* variables (-I)."""
    script = lambda_worker.__file__
    return [sys.executable, "-I", "-S", script, str(os.getpid()), handler, str(folder), str(packages)]


def link_packages(folder: Path, names: tuple[str, ...]) -> Path:
    """A folder that holds these installed packages and nothing else."""
    folder.mkdir(parents=True)
    for place in _places(names):
        (folder / place.name).symlink_to(place)
    return folder


def _places(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            yield origin.parent if origin.name == "__init__.py" else origin


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"errorType": kind, "errorMessage": message}}


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was buffered for a dead process is nobody's any more
