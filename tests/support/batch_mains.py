"""What tasks of the process executor do in tests; run in forked children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PRELOADED: list[str] = []


def preload(*arguments: str) -> None:
    PRELOADED.extend(arguments)


def broken_preload(*_: str) -> None:
    raise ImportError("no module named 'flux_capacitor'")


def main(command: list[str], environ: Mapping[str, str]) -> int | None:
    """The first argument says what to do, the others are its arguments."""
    verb, *arguments = command or ["nothing"]
    result: int | None = globals()[f"_{verb}"](arguments, environ)
    return result


def _nothing(arguments: list[str], environ: Mapping[str, str]) -> None:
    return None


def _exit(arguments: list[str], environ: Mapping[str, str]) -> int:
    return int(arguments[0])


def _fail_until(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Exit 75 until the attempt with that number."""
    return 0 if int(environ["AWS_BATCH_JOB_ATTEMPT"]) >= int(arguments[0]) else 75


def _leave(arguments: list[str], environ: Mapping[str, str]) -> None:
    sys.exit(arguments[0])


def _crash(arguments: list[str], environ: Mapping[str, str]) -> None:
    raise RuntimeError("out of cheese")


def _say(arguments: list[str], environ: Mapping[str, str]) -> None:
    for argument in arguments:
        print(argument)
    print("on stderr", file=sys.stderr)


def _show(arguments: list[str], environ: Mapping[str, str]) -> None:
    facts = {
        "environ": dict(os.environ),
        "argv": sys.argv,
        "command": arguments,
        "preloaded": PRELOADED,
        "leads": os.getpid() == os.getsid(0) == os.getpgid(0),
        "fds": sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir()),
    }
    print(json.dumps(facts))


def _flood(arguments: list[str], environ: Mapping[str, str]) -> None:
    sys.stdout.write("x" * int(arguments[0]))


def _die(arguments: list[str], environ: Mapping[str, str]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(arguments: list[str], environ: Mapping[str, str]) -> None:
    print(f"pid {os.getpid()}", flush=True)
    time.sleep(600)


def _hang_with_a_child(arguments: list[str], environ: Mapping[str, str]) -> None:
    process = subprocess.Popen(["sleep", "600"])
    print(f"pid {process.pid}", flush=True)
    time.sleep(600)


def _leave_a_child(arguments: list[str], environ: Mapping[str, str]) -> None:
    process = subprocess.Popen(["sleep", "600"])
    print(f"pid {process.pid}", flush=True)


def _stop_politely(arguments: list[str], environ: Mapping[str, str]) -> None:
    def leave(*_: object) -> None:
        print("asked to stop", flush=True)
        sys.exit(75)

    signal.signal(signal.SIGTERM, leave)
    print("ready", flush=True)
    time.sleep(600)


def _refuse_to_stop(arguments: list[str], environ: Mapping[str, str]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    time.sleep(600)
