"""From a fork of the fork server to a task: its own session, streams, environment and `main`."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from batchkit.worker.orphans import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def find(name: str) -> Callable[..., object]:
    """The function that `module:function` names. Raises ImportError or AttributeError."""
    module, _, function = name.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), function)
    return found


def become(
    main: Callable[..., object],
    command: Sequence[str],
    environment: Mapping[str, str],
    output: int,
    server: int,
) -> NoReturn:
    """Turn this fresh fork of process `server` into a task that writes to `output`; ends the process."""
    code = 70
    try:
        _detach(output, server)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["batchkit", *command]
        code = _run(main, list(command))
    except Exception:
        traceback.print_exc()
    finally:
        # Not sys.exit: the server's own exit handlers and stack are none of the task's business.
        os._exit(code)


def _detach(output: int, server: int) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    die_with_parent(server, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    if output > 2:
        os.close(output)
    # A pipe is block-buffered by default; a task that is killed should not lose the lines it has written.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - streams live as long as the process
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


def _run(main: Callable[..., object], command: list[str]) -> int:
    """The exit code that the interpreter would give for this `main`."""
    try:
        code = _exit_code(main(command, os.environ))
    except SystemExit as leaving:
        code = _exit_code(leaving.code)
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code


def _exit_code(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1
