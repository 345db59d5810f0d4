"""When the second process cleans up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from batchkit.errors import InternalError
from batchkit.local.docker import reaper
from batchkit.local.docker.reaper import Reaper

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    yield reading, writing
    for fd in (reading, writing):
        try:
            os.close(fd)
        except OSError:
            continue


def watch(pipe: Pipe, parent: int) -> bool:
    with os.fdopen(os.dup(pipe[0]), "rb") as reading:
        return reaper.watch(reading, parent)


def test_a_stack_that_says_it_is_done_needs_no_cleaning(pipe: Pipe) -> None:
    os.write(pipe[1], b"done\n")
    assert watch(pipe, os.getppid()) is False


@pytest.mark.parametrize("last_words", [b"", b"do"])
def test_a_stack_that_dies_is_cleaned_up_after(pipe: Pipe, last_words: bytes) -> None:
    os.write(pipe[1], last_words)
    os.close(pipe[1])
    assert watch(pipe, os.getppid()) is True


def test_another_parent_means_that_the_stack_died_though_the_pipe_is_open(pipe: Pipe) -> None:
    assert watch(pipe, parent=-1) is True


def test_a_dismissed_reaper_is_gone() -> None:
    made = Reaper("stack")
    made.dismiss()
    with pytest.raises(ProcessLookupError):
        os.kill(made.pid, 0)


def test_a_reaper_that_was_killed_can_be_dismissed() -> None:
    made = Reaper("stack")
    os.kill(made.pid, signal.SIGKILL)
    os.waitid(os.P_PID, made.pid, os.WEXITED | os.WNOWAIT)
    made.dismiss()


def test_a_reaper_leads_a_session_of_its_own() -> None:
    made = Reaper("stack")
    try:
        assert os.getsid(made.pid) == made.pid != os.getsid(0)
    finally:
        made.dismiss()


def test_it_cannot_be_started_without_a_stack() -> None:
    with pytest.raises(InternalError):
        reaper.main([])
