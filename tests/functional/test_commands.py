"""The commands, as a person or a program runs them: in a process of their own, in an empty folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.pictures import picture, size_and_format
from support.world import PATIENCE, PROJECT, eventually

from batchkit.cli.main import COMMANDS
from batchkit.local.docker import ownership
from batchkit.local.docker.ownership import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCHKIT = Path(sys.executable).parent / "batchkit"
AWS = Path(sys.executable).parent / "aws"


def run(
    *arguments: str | Path, cwd: Path, expect: int | None = 0, **environ: str
) -> subprocess.CompletedProcess[str]:
    """The command, which exits as expected; None: anyhow."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), **environ}
    done = subprocess.run(
        [str(a) for a in arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert expect in (done.returncode, None), done.stderr + done.stdout
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "batchkit.toml").write_text(PROJECT)
    return tmp_path


def test_check_says_what_one_upload_becomes(project: Path) -> None:
    facts = json.loads(run(BATCHKIT, "check", "--output", "json", cwd=project).stdout)

    assert facts["tasks"] == ["thumb", "small", "mono"]
    assert facts["outputs"][0] == "uploads/photo.jpg/thumb.webp"


def test_check_finds_the_project_from_a_folder_below(project: Path) -> None:
    below = project / "a" / "b"
    below.mkdir(parents=True)

    assert "photos" in run(BATCHKIT, "check", cwd=below).stdout


def test_an_unknown_key_is_an_error_with_file_table_key_and_the_nearest_name(project: Path) -> None:
    (project / "batchkit.toml").write_text(PROJECT.replace("quality = 80", "qualty = 80", 1))

    done = run(BATCHKIT, "check", cwd=project, expect=78)

    for part in ("batchkit.toml", "[job]", "variants[0]", "qualty", "quality"):
        assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_of_a_machine_without_anything_finds_what_is_wrong_and_changes_nothing(
    tmp_path: Path,
) -> None:
    left = tmp_path / "tmp" / "batchkit-lambda-1"
    left.mkdir(parents=True)
    dead = Owner("dead", ownership.machine(), 2**22 + 1, "never")
    (left / "owner.json").write_text(json.dumps(dead.labels))
    (home := tmp_path / "home").mkdir()
    places = {"TMPDIR": str(left.parent), "DOCKER_HOST": f"unix://{home}/no.sock"}
    port = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    done = run(BATCHKIT, "doctor", "--local", "-o", "json", cwd=home, expect=65, **places, **port)

    told = json.loads(done.stdout)
    checks = {one["check"]: one for one in told["findings"]}
    assert {"docker", "endpoint", "leftovers"} <= set(checks)
    assert checks["docker"]["note"]
    assert checks["leftovers"]["fix"] == f"rm -r {left}"
    assert told["project"] is None
    assert told["machine"]["resizer"]
    assert list(home.iterdir()) == []
    assert [path.name for path in left.parent.rglob("*")] == ["batchkit-lambda-1", "owner.json"]


def test_the_doctor_of_this_machine_finds_a_batchkit_toml_that_cannot_be_read(project: Path) -> None:
    (project / "batchkit.toml").write_text("[project")

    done = run(BATCHKIT, "doctor", "--local", cwd=project, expect=65)

    assert f"job  {project}/batchkit.toml" in done.stdout


def test_preview_makes_the_variants_into_a_folder_and_tells_of_the_bad_file(project: Path) -> None:
    (project / "good.jpg").write_bytes(picture(640, 480))
    (project / "bad.jpg").write_bytes(b"not a picture")

    done = run(
        BATCHKIT, "preview", "good.jpg", "bad.jpg", "--out", "made", "-o", "json", cwd=project, expect=65
    )

    rows = json.loads(done.stdout)
    assert [row["outcome"] for row in rows] == ["done"] * 3 + ["rejected"] * 3
    paths = [Path(row["path"]) for row in rows if row["path"]]
    assert {size_and_format((project / path).read_bytes()) for path in paths} == {
        ((64, 64), "WEBP"),
        ((320, 240), "JPEG"),
        ((160, 120), "PNG"),
    }


def test_preview_explains_how_each_variant_comes_about(project: Path) -> None:
    (project / "good.jpg").write_bytes(picture(640, 480))
    told = run(BATCHKIT, "preview", "--explain", "good.jpg", "-o", "json", cwd=project)
    rows = json.loads(told.stdout)
    assert [row["step"] for row in rows[:2]] == ["source", "decode"]
    assert "MB" in rows[1]["how"]
    assert not (project / "batchkit-preview").exists()


def test_preview_needs_no_project_and_no_aws(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(picture(800, 600, fmt="PNG"))

    run(BATCHKIT, "preview", "photo.png", cwd=tmp_path)

    assert len(list((tmp_path / "batchkit-preview").rglob("*.*"))) >= 5


def test_the_schema_describes_every_table(tmp_path: Path) -> None:
    schema = json.loads(run(BATCHKIT, "schema", cwd=tmp_path).stdout)

    assert {"project", "upload", "output", "compute", "job"} <= set(
        json.dumps(schema).replace('"', " ").split()
    )


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_with_a_purpose(tmp_path: Path, command: str) -> None:
    text = run(BATCHKIT, command, "--help", cwd=tmp_path).stdout

    assert text.startswith("Usage: batchkit " + command)
    assert len(text.splitlines()) > 5


def test_the_demo_shows_what_became_of_given_photos(project: Path) -> None:
    (project / "one.jpg").write_bytes(picture(640, 480))
    (project / "two.gif").write_bytes(picture(640, 480, fmt="GIF"))
    (project / "tab\t.jpg").write_bytes(picture(640, 480))

    done = run(BATCHKIT, "demo", "one.jpg", "two.gif", "tab\t.jpg", "-o", "json", cwd=project, expect=70)

    answer = json.loads(done.stdout)
    assert [(r["task"], r["outcome"]) for r in answer["results"]] == [
        ("thumb", "done"),
        ("small", "done"),
        ("mono", "done"),
        ("(all)", "rejected"),
        ("(all)", "failed"),
    ]
    assert "INVALID_JSON" in answer["results"][-1]["message"]
    assert len(answer["messages"]) == 2
    assert "Moto" not in done.stderr
    assert (project / "batchkit-demo" / "uploads" / "one.jpg" / "small.jpg").is_file()


def test_the_plain_aws_cli_works_against_the_local_stack_and_ctrl_c_stops_it_all(project: Path) -> None:
    (project / "photo.jpg").write_bytes(picture(640, 480))
    with _local_up(project) as (stack, exports):
        target = "s3://photos-originals/uploads/my photo+1.jpg"
        run(AWS, "s3", "cp", "photo.jpg", target, cwd=project, **exports)
        _read_until(stack, "Run Finished")
        doctor = run(BATCHKIT, "doctor", "--local", "-o", "json", cwd=project, expect=None, **exports)
        place = exports["AWS_ENDPOINT_URL"].removeprefix("http://")
        assert json.loads(doctor.stdout)["machine"][place] == "a local stack"
        assert (project / "shown").read_text() == f"{exports['AWS_ENDPOINT_URL']}/_batchkit/\n"
        _check_jobs(project, exports)
        items = _aws(
            project, exports, "dynamodb", "query", "--table-name", "photos-ledger",
            "--key-condition-expression", "pk = :s", "--expression-attribute-values",
            '{":s": {"S": "src#photos-originals/uploads/my photo+1.jpg"}}',
        )  # fmt: skip
        assert items["Count"] == 3
        name = items["Items"][0]["run"]["S"]
        status = run(BATCHKIT, "status", name, "-o", "json", cwd=project, **exports)
        assert json.loads(status.stdout)["state"] == "SUCCEEDED"


def _check_jobs(project: Path, exports: dict[str, str]) -> None:
    """That the upload's array, its children and a child's log are there for the aws CLI."""
    done = ("batch", "list-jobs", "--job-status", "SUCCEEDED")
    (array,) = _aws(project, exports, *done, "--job-queue", "photos-upload")["jobSummaryList"]
    job = array["jobId"]
    assert len(_aws(project, exports, *done, "--array-job-id", job)["jobSummaryList"]) == 3
    (child,) = _aws(project, exports, "batch", "describe-jobs", "--jobs", f"{job}:0")["jobs"]
    read = (
        "logs", "get-log-events", "--log-group-name", "/batchkit/photos/worker",
        "--log-stream-name", child["container"]["logStreamName"],
    )  # fmt: skip
    eventually(lambda: _aws(project, exports, *read)["events"], "the log of a child")


@contextmanager
def _local_up(project: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """`batchkit local up --open` and what it says to export, until Ctrl-C, which must leave nothing behind.

    The browser that it opens writes the address into the file `shown`.
    """
    browser = project / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {project}/shown\n')
    browser.chmod(0o755)
    stack = subprocess.Popen(
        [BATCHKIT, "local", "up", "--port", "0", "--open"],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project), "BROWSER": str(browser)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # As from a terminal: Ctrl-C is for all of the group.
        process_group=0,
    )
    exports = _exports(stack)
    try:
        yield stack, exports
    finally:
        os.killpg(stack.pid, signal.SIGINT)
        rest, _ = stack.communicate(timeout=PATIENCE)
    assert "stopping" in rest
    assert "Traceback" not in rest
    assert stack.returncode == 0
    # Who was killed may still have to hear of it.
    eventually(lambda: not _processes_with(exports["AWS_ENDPOINT_URL"]), "the end of all processes")


def _exports(stack: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that `local up` says to export."""
    found = {}
    for line in _lines(stack):
        if line.strip().startswith("export "):
            name, _, value = line.strip().removeprefix("export ").partition("=")
            found[name] = value.strip()
        if "Ctrl-C" in line:
            return found
    raise AssertionError("the stack ended before it said what to export")


def _read_until(stack: subprocess.Popen[str], needle: str) -> None:
    for line in _lines(stack):
        if needle in line:
            return
    raise AssertionError(f"the stack ended before it said {needle!r}")


def _lines(stack: subprocess.Popen[str]) -> Iterator[str]:
    assert stack.stdout is not None
    while line := stack.stdout.readline():
        yield line


def _aws(cwd: Path, exports: dict[str, str], *arguments: str) -> Any:
    return json.loads(run(AWS, *arguments, "--output", "json", cwd=cwd, **exports).stdout)


def _processes_with(endpoint: str) -> list[str]:
    """The command lines of processes that were told of this endpoint: children, handlers, fork server."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_text(errors="replace")
                command = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue  # it ended while we looked
            if f"={endpoint}\0" in environment:
                found.append(command)
    return found
