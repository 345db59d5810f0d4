"""Tests of batchkit.entry.worker: a child as Batch starts, stops and kills it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.jobs import COPIES, PARKING, THRIFTY
from support.moto_world import World, bulk_argv, upload, upload_argv

from batchkit import recipe as recipes
from batchkit.entry import worker
from batchkit.errors import EX_CONFIG, EX_DATAERR, EX_OK, EX_TEMPFAIL, ConfigError
from batchkit.planning import names
from batchkit.planning.resources import MIB, job_memory

if TYPE_CHECKING:
    from batchkit.recipe import Recipe

TESTS = Path(__file__).parents[2]


def start(world: World, argv: list[str], **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "batchkit.entry.worker", *argv],
        env={**os.environ, **world.environment, "PYTHONPATH": str(TESTS), **environ},
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(child: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    output, _ = child.communicate(timeout=120)
    return child.returncode, [json.loads(line) for line in output.splitlines()]


def wait_for(flag: Path, child: subprocess.Popen[str]) -> None:
    """Until the job says that it is in the middle of a source."""
    while not flag.exists():
        assert child.poll() is None
        time.sleep(0.02)


def parking(world: World, tmp_path: Path) -> tuple[Recipe, Path]:
    """A submitted run of four sources, two tasks each, that parks in the third."""
    flag = tmp_path / "parked"
    recipe = recipes.load(PARKING, {"names": ["a", "b"], "flag": str(flag)})
    bodies = (b"0", b"1", b"park", b"3")
    world.submit(recipe, [world.put(f"{n}.jpg", body) for n, body in enumerate(bodies)])
    return recipe, flag


def etags(world: World) -> dict[str, str]:
    listed = world.clients.s3.list_objects_v2(Bucket=world.outputs).get("Contents", [])
    return {found["Key"]: str(found["LastModified"]) for found in listed}


def test_a_killed_child_is_finished_by_the_next_attempt_which_makes_only_what_is_missing(
    world: World, tmp_path: Path
) -> None:
    recipe, flag = parking(world, tmp_path)
    first = start(world, bulk_argv(recipe, 4, 8))
    wait_for(flag, first)
    # What is on its way when a child is killed may arrive after the look: here nothing is.
    while not {"1/a.txt", "1/b.txt"} <= set(etags(world)):
        time.sleep(0.02)
    first.kill()
    assert finish(first)[0] == -signal.SIGKILL
    before = etags(world)
    assert set(before) == {f"{n}/{task}.txt" for n in range(2) for task in "ab"}
    code, lines = finish(start(world, bulk_argv(recipe, 4, 8), AWS_BATCH_JOB_ATTEMPT="2"))
    assert code == EX_OK
    after = etags(world)
    assert set(after) == {f"{n}/{task}.txt" for n in range(4) for task in "ab"}
    assert {key: after[key] for key in before} == before
    (metrics,) = [line for line in lines if line["message"] == "metrics"]
    assert metrics["BytesOut"] == sum(len(world.output(key) or b"") for key in after if key not in before)
    assert [world.outcomes(f"{n}.jpg") for n in range(4)] == [{"a": "done", "b": "done"}] * 4
    assert world.report()["counts"]["done"] == 8


def test_sigterm_ends_a_child_after_its_item_with_a_report_and_75(world: World, tmp_path: Path) -> None:
    recipe, flag = parking(world, tmp_path)
    child = start(world, bulk_argv(recipe, 4, 8))
    wait_for(flag, child)
    child.send_signal(signal.SIGTERM)
    (tmp_path / "go on").touch()
    code, lines = finish(child)
    assert code == EX_TEMPFAIL
    # On a busy machine the source's other item may be made before the signal is noticed.
    made = world.report()["counts"]["done"]
    assert made in {5, 6}
    assert [len(world.items(f"{n}.jpg")) for n in range(4)] == [2, 2, made - 4, 0]
    assert {line["run"] for line in lines} == {"b-test"}


def test_an_upload_is_done_in_this_process_as_in_a_forked_one(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = recipes.load(COPIES, {"names": ["a", "b"]})
    source = world.put("ä photo.jpg", b"x")
    world.submit(recipe, [])
    argv = upload_argv(recipe, source)
    before = signal.getsignal(signal.SIGTERM)
    assert worker.main(argv, {**world.environment, "AWS_BATCH_JOB_ARRAY_INDEX": "1"}) == EX_OK
    assert signal.getsignal(signal.SIGTERM) is before
    assert world.outcomes("ä photo.jpg") == {"b": "done"}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["child"] for line in lines} == {1}
    assert worker.main(argv, {**world.environment, "AWS_BATCH_JOB_ARRAY_INDEX": "2"}) == EX_OK
    assert len(world.reports(upload(recipe, source).run, 2)) == 1


def test_a_job_is_told_what_memory_the_child_can_spare(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = recipes.load(THRIFTY, {"names": ["a"]})
    source = world.put("photo.jpg", b"x")
    world.submit(recipe, [])
    environ = {**world.environment, "BATCHKIT_MEMORY": "400", "BATCHKIT_MAX_BYTES": "1000000"}
    assert worker.main(upload_argv(recipe, source), environ) == EX_OK
    assert world.outcomes("photo.jpg") == {"a": "rejected"}
    allowed = job_memory(400 * MIB, 1_000_000)
    assert f"{allowed} bytes are allowed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "exit_code"),
    [
        (names.manifest_key("b-test"), EX_DATAERR),
        (names.index_key("b-test"), EX_DATAERR),
        ("recipe", EX_DATAERR),
    ],
)
def test_damaged_artifacts_end_a_child_with_65(world: World, damage: str, exit_code: int) -> None:
    recipe = recipes.load(COPIES, {"names": ["a"]})
    world.submit(recipe, [world.put("a.jpg", b"x")])
    key = names.recipe_key(recipe.digest) if damage == "recipe" else damage
    world.objects.put(world.artifacts, key, b"damaged!damaged!"[: 16 if "idx" in damage else 9], "text/plain")
    assert worker.main(bulk_argv(recipe, 1, 1), world.environment) == exit_code


def test_a_missing_variable_ends_a_child_with_78_and_its_name(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {name: value for name, value in world.environment.items() if name != "BATCHKIT_LEDGER"}
    recipe = recipes.load(COPIES, {"names": ["a"]})
    assert worker.main(bulk_argv(recipe, 1, 1), environ) == EX_CONFIG
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "BATCHKIT_LEDGER" in line["what"]
    assert (line["level"], line["exit_code"]) == ("error", EX_CONFIG)


def test_a_ledger_that_is_not_there_ends_a_child_with_78_but_its_outputs_stay(world: World) -> None:
    recipe = recipes.load(COPIES, {"names": ["a"]})
    world.submit(recipe, [world.put("a.jpg", b"x")])
    environ = {**world.environment, "BATCHKIT_LEDGER": "no-such-table"}
    assert worker.main(bulk_argv(recipe, 1, 1), environ) == EX_CONFIG
    assert world.output("a/a.txt") == b"a:x"


def test_a_job_that_is_not_installed_ends_a_child_with_78(world: World) -> None:
    recipe = recipes.load(COPIES, {"names": ["a"]})
    document = recipe.document.replace(b"support.jobs:Copies", b"support.jobs:Gone")
    digest = recipes.canonical.digest(document)
    world.objects.put(world.artifacts, names.recipe_key(digest), document, "application/json")
    argv = bulk_argv(recipe, 1, 1)
    assert worker.main([argv[0], argv[1], digest, *argv[3:]], world.environment) == EX_CONFIG


def test_preload_imports_jobs_and_names_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert callable(worker.preload(COPIES))
    with pytest.raises(ConfigError, match="nobodys-job"):
        worker.preload("nobodys-job")


def test_the_worker_imports_neither_command_line_nor_local_stack() -> None:
    program = (
        "import sys, batchkit.entry.worker;"
        "print(sorted({'click', 'rich', 'docker', 'moto', 'PIL', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
