"""Looks at a machine on which something is wrong."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from batchkit.cli.main import EXTRAS
from batchkit.deploy.doctor.finding import Finding
from batchkit.errors import ConfigError, MissingExtra
from batchkit.local.doctor.looks import LOOKS, WITHOUT, examine, facts
from batchkit.local.doctor.machine import Docker, Machine, Place, Room

WELL = Machine(
    version="1.2.3",
    system="linux",
    python=(3, 12),
    tested=((3, 11), (3, 12), (3, 13)),
    missing={},
    equipment={"resizer": "libvips"},
    docker=Docker("linux/aarch64", "29.0"),
    places=(Place("127.0.0.1", 4566, "nobody"),),
    room=Room("/t", 2 * 10**9),
)


def found(look: str, **different: object) -> list[Finding]:
    """What a look finds on a machine that is well but for this."""
    return list(LOOKS[look](replace(WELL, **different)))  # type: ignore[arg-type]


def test_where_nothing_is_wrong_nothing_is_found_and_the_facts_are_told() -> None:
    assert list(examine(WELL)) == []
    assert facts(WELL) == {
        "batchkit": "1.2.3",
        "python": "3.12 on linux",
        "docker": "29.0, linux/aarch64",
        "127.0.0.1:4566": "nobody",
        "temporary": "/t, 2.0 GB free",
        "cells": "yes",
        "resizer": "libvips",
    }


def test_what_could_not_be_read_is_no_fact() -> None:
    broken = ConfigError("broken")
    told = facts(replace(WELL, equipment=broken, docker=broken, room=broken, uncelled="no memory files"))
    assert "resizer" not in told
    assert (told["docker"], told["temporary"], told["cells"]) == ("none", "none", "no memory files")


@pytest.mark.parametrize(("version", "is_note"), [((3, 10), False), ((3, 14), True)], ids=["older", "newer"])
def test_an_older_python_is_wrong_and_a_newer_one_untried(version: tuple[int, int], is_note: bool) -> None:
    (finding,) = found("python", python=version)
    assert finding.note == is_note
    assert "3.11 to 3.13" in finding.what


def test_where_batchkit_is_not_installed_no_version_is_wrong() -> None:
    assert found("python", python=(3, 10), tested=()) == []


def test_a_missing_extra_names_the_line_that_installs_it_and_only_local_is_needed() -> None:
    missing = {"local": ("docker", "moto"), "report": ("pygal",)}
    local, report = found("extras", missing=missing)
    assert (local.fix, local.note) == ("pip install 'batchkit[local]'", False)
    assert (report.fix, report.note) == ("pip install 'batchkit[report]'", True)
    assert "docker, moto" in local.what


def test_what_every_extra_is_for_is_known() -> None:
    assert set(WITHOUT) == set(EXTRAS.values())


def test_a_project_that_cannot_be_read_is_found_with_its_own_words() -> None:
    error = ConfigError("an unknown key", found="qualty", expected="quality", fix="correct it")
    (finding,) = found("job", equipment=error)
    assert (finding.what, finding.fix, finding.note) == ("an unknown key: qualty", "correct it", False)


def test_an_error_without_advice_says_what_was_expected() -> None:
    (finding,) = found("job", equipment=ConfigError("0 tasks", expected="at least one"))
    assert finding.fix == "expected: at least one"


def test_no_engine_is_worth_a_note() -> None:
    (finding,) = found("docker", docker=ConfigError("no Docker engine answers", found="x", fix="start it"))
    assert (finding.what, finding.note) == ("no Docker engine answers: x", True)


def test_the_missing_sdk_of_docker_is_told_once() -> None:
    assert found("docker", docker=MissingExtra("an engine", "local", "docker")) == []


def test_an_engine_on_another_machine_is_no_place_for_children() -> None:
    (finding,) = found("docker", docker=Docker("linux/amd64", "29.0", "an engine on another machine (far)"))
    assert finding.note
    assert "--executor process" in finding.fix


def test_a_stack_that_runs_is_nothing_wrong() -> None:
    assert found("places", places=(Place("127.0.0.1", 4566, "a local stack", named=True),)) == []


def test_a_taken_port_comes_with_another_one() -> None:
    (finding,) = found("places", places=(Place("127.0.0.1", 4566, "another program"),))
    assert (finding.check, finding.note) == ("port", False)
    assert "--port 4567" in finding.fix


def test_an_endpoint_without_a_stack_is_wrong() -> None:
    (finding,) = found("places", places=(Place("::1", 9, "nobody", named=True),))
    assert (finding.check, finding.note) == ("endpoint", False)
    assert "[::1]:9" in finding.what
    assert "--port 9" in finding.fix


def test_an_endpoint_of_another_kind_may_be_meant() -> None:
    (finding,) = found("places", places=(Place("localhost", 4566, "another program", named=True),))
    assert finding.note
    assert "unset AWS_ENDPOINT_URL" in finding.fix


def test_a_folder_that_was_left_comes_with_the_command_that_removes_it() -> None:
    folder = Path("/t/with a space/batchkit-lambda-1")
    (finding,) = found("leftovers", abandoned=(folder,))
    assert shlex.split(finding.fix) == ["rm", "-r", str(folder)]


def test_containers_that_were_left_are_removed_by_their_label() -> None:
    (finding,) = found("leftovers", docker=Docker("linux/amd64", "29.0", orphans=("s-1",)))
    assert finding.fix.count("--filter label=batchkit.stack=s-1 ") == 2


def test_a_temporary_folder_that_is_full_or_not_there_is_wrong() -> None:
    (full,) = found("temporary", room=Room("/small", 10**8))
    (none,) = found("temporary", room=ConfigError("there is no temporary folder", found="[Errno 2]"))
    assert "0.1 GB are free in /small" in full.what
    assert none.what == "there is no temporary folder: [Errno 2]"


@pytest.mark.parametrize(("system", "is_note"), [("linux", False), ("darwin", True)])
def test_no_cells_are_wrong_where_there_could_be_some(system: str, is_note: bool) -> None:
    (finding,) = found("cells", system=system, uncelled="no memory files")
    assert finding.note == is_note
