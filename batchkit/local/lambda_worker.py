"""The process in which a Lambda function runs. Started as a script by `lambda_runtime`, with the standard
library alone: it may import nothing of batchkit, or a zip without it would seem complete.

Arguments: handler (`module.function`), then the folders to import from. On stdin one JSON line for each
invocation, on the pipe that was stdout one JSON line for each answer; what the handler prints goes to stderr,
where END_OF_LOG ends what belongs to an answer, before that is sent.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import IO, Any

PR_SET_PDEATHSIG = 1
# No text of a handler is like it; one that is ends nothing but the waiting for its log.
END_OF_LOG = "\x1e(end of the log)\x1e"

Json = dict[str, Any]
Handler = Callable[[Any, Any], Any]


class Context:
    """What a handler gets beside the event; names as in Lambda's Python runtime."""

    def __init__(self, invocation: Json) -> None:
        self.aws_request_id: str = invocation["request_id"]
        self.invoked_function_arn: str = invocation["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = time.monotonic() + float(invocation["timeout"])

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(argv: list[str]) -> int:
    parent = int(argv[0])
    _die_with(parent)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # Lines must reach the log in their order, and before the process dies.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1)
    sys.path[:0] = argv[2:]
    invocations = _reading(sys.stdin.buffer)
    handler = _load(argv[1])
    while True:
        answer = _invoke(handler, invocations.get())
        _end_log()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _die_with(parent: int) -> None:
    """Ends with the process that started this one, however that ends (Linux), even inside a handler."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it was over before the kernel was asked


def _reading(stream: IO[bytes]) -> queue.SimpleQueue[Json]:
    """Invocations, read by a thread that ends the process when there will be no more."""
    invocations: queue.SimpleQueue[Json] = queue.SimpleQueue()

    def read() -> None:
        for line in stream:
            invocations.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return invocations


def _load(name: str) -> Handler | Json:
    """The handler, or why there is none: Lambda reports that with each invocation."""
    module, _, function = name.rpartition(".")
    try:
        found: Handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    except BaseException as error:
        return _failure(error)
    return found


def _invoke(handler: Handler | Json, invocation: Json) -> Json:
    if isinstance(handler, dict):
        return handler
    try:
        result = handler(invocation["event"], Context(invocation))
        return {"result": json.loads(json.dumps(result))}
    except BaseException as error:
        return _failure(error)


def _end_log() -> None:
    """All that was printed comes before the mark, and the mark before the answer."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # a handler may have closed it
            stream.flush()
    with contextlib.suppress(OSError):
        os.write(2, f"{END_OF_LOG}\n".encode())


def _failure(error: BaseException) -> Json:
    trace = traceback.format_exception(error)
    print(f"[ERROR] {type(error).__name__}: {error}", "".join(trace), sep="\n", file=sys.stderr)
    return {"error": {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": trace}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
