"""Who owns a container, and whether he lives."""

from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from batchkit.local.docker.ownership import Owner, birth, is_orphan, machine, read, this_process

ME = Owner("stack", "host/pid:[1]", 42, "boot/100")


@given(st.builds(Owner, st.text(), st.text(), st.integers(1, 1 << 22), st.text()))
def test_labels_say_who_the_owner_is(owner: Owner) -> None:
    assert read(owner.labels) == owner


def test_labels_of_others_name_no_owner() -> None:
    assert read({}) is None
    assert read({"batchkit.stack": "x"}) is None
    assert read({**ME.labels, "batchkit.pid": "forty-two"}) is None


def test_a_process_that_lives_has_no_orphans() -> None:
    assert not is_orphan(ME, ME.machine, lambda pid: "boot/100")


def test_a_process_that_is_gone_leaves_orphans() -> None:
    assert is_orphan(ME, ME.machine, lambda pid: None)


def test_another_process_with_the_same_number_is_not_the_owner() -> None:
    assert is_orphan(ME, ME.machine, lambda pid: "boot/999")


def test_processes_of_another_machine_are_left_alone() -> None:
    assert not is_orphan(ME, "laptop/pid:[1]", lambda pid: None)


def test_this_process_owns_what_it_makes() -> None:
    owner = this_process("stack")
    assert (owner.stack, owner.pid, owner.machine) == ("stack", os.getpid(), machine())
    assert not is_orphan(owner, machine(), birth)


def test_a_birth_is_known_as_long_as_the_process_lives() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        born = birth(process.pid)
        assert born is not None
        assert birth(process.pid) == born
        process.kill()
        # Dead, but nobody has asked for its exit code yet.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert birth(process.pid) is None
    assert birth(process.pid) is None
