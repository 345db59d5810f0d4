"""Operating bulk runs through the command line: results, logs, retry, cancel, explain, sweep, gc."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.moody import EXIT_CODE
from support.process import Terminal
from support.world import World, eventually, world

if TYPE_CHECKING:
    from collections.abc import Iterator


PROJECT = """
[project]
name = "photos"

[upload]
bucket = "photos-originals"
prefix = "uploads/"
suffixes = [".txt"]
max_bytes = "1 MB"

[output]
bucket = "photos-variants"
key = "{{dir}}/{{name}}/{{task}}.{{ext}}"

[compute]
max_vcpus = 16

[bulk]
max_bad = 0.67

[job]
uses = "support.moody:Moody"
names = ["a", "b"]
flag = "{flag}"
"""


# Six sources for each of two children, in order of keys.
LIVE = {
    "bad": b"reject",
    "crash": b"crash",
    "good": b"good",
    "half": b"one bad",
    "more": b"good",
    "most": b"good",
}
DEAD = [f"x{number}" for number in range(6)]


class Desk(Terminal):
    """Where an operator sits: a folder with a project, and a shell that knows the stack."""

    def __init__(self, running: World, folder: Path) -> None:
        super().__init__(folder, running.sandbox.stack.environment)
        self.world = running

    def fill(self, folder: str, **bodies: bytes) -> str:
        """Sources that no rule reacts to; their prefix."""
        for name, body in bodies.items():
            self.world.put(f"{folder}/{name} ü+.txt", body)
        return f"s3://{self.world.sandbox.project.upload.bucket}/{folder}/"

    def submit(self, *arguments: str, expect: int = 0) -> str:
        """A run with one child for each six sources; its id."""
        line = ("submit", *arguments, "--seconds-per-child", "1", "--wait")
        return str(self.json(*line, expect=expect)["run"])

    def outcomes(self, folder: str, name: str) -> dict[str, str]:
        found = self.world.items(f"{folder}/{name} ü+.txt")
        return {task: item["outcome"] for task, item in found.items()}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    text = PROJECT.format(flag=folder / "flag")
    (folder / "batchkit.toml").write_text(text)
    with world(text) as running:
        yield Desk(running, folder)


@pytest.fixture(scope="module")
def mixed(desk: Desk) -> str:
    """A run in which everything happens that can happen: two children, the second of which dies."""
    return desk.submit(desk.fill("mixed", **LIVE, **dict.fromkeys(DEAD, b"die")), expect=65)


def test_the_results_of_a_run_are_its_items_those_of_dead_children_too(desk: Desk, mixed: str) -> None:
    rows = desk.json("results", mixed)
    found = {(Path(row["key"]).name.split()[0], row["task"]): row["outcome"] for row in rows}
    assert found == {
        **{(name, task): "done" for name in ("good", "more", "most") for task in "ab"},
        ("bad", "a"): "rejected",
        ("bad", "b"): "rejected",
        ("crash", "a"): "done",
        ("crash", "b"): "failed",
        ("half", "a"): "rejected",
        ("half", "b"): "done",
        **{(name, task): "failed" for name in DEAD for task in "ab"},
    }
    lines = desk.run("results", mixed, "--failed", "--format", "jsonl").stdout.splitlines()
    assert {json.loads(line)["error_class"] for line in lines} == {"ValueError", "Crashed"}
    rejected = csv.DictReader(io.StringIO(desk.run("results", mixed, "--rejected", "--format", "csv").stdout))
    assert {row["failure_class"] for row in rejected} == {"input"}
    assert len(desk.run("results", mixed).stdout.splitlines()) == 1 + len(rows)


def test_the_report_of_a_run_lies_beside_its_manifest(desk: Desk, mixed: str) -> None:
    bucket = desk.world.sandbox.outputs["ArtifactsBucket"]
    stored = desk.world.objects.get(bucket, f"runs/{mixed}/report.jsonl")
    assert stored is not None
    run, items, cost, *errors = [json.loads(line) for line in stored.body.splitlines()]
    assert (run["state"], run["retry"]) == ("PARTIAL", f"batchkit retry {mixed}")
    assert (items["done"], items["rejected"], items["failed"]) == (8, 3, 13)
    assert cost["planned_usd"] > 0
    assert cost["children_reported"] == 1
    assert {(e["error_class"], e["failure_class"], e["count"]) for e in errors} == {
        ("NotWanted", "input", 2),
        ("Crashed", "recipe", 12),
        ("TooSmall", "input", 1),
        ("ValueError", "recipe", 1),
    }
    sheet = desk.world.objects.get(bucket, f"runs/{mixed}/report.csv")
    assert sheet is not None
    assert sheet.body.decode().count("\nerror,") == 4


def test_the_status_of_a_run_says_what_went_wrong_why_and_what_to_do(desk: Desk, mixed: str) -> None:
    found = desk.json("status", mixed)
    assert {(one["error_class"], one["count"]) for one in found["troubles"]} == {
        ("NotWanted", 2),
        ("Crashed", 12),
        ("TooSmall", 1),
        ("ValueError", 1),
    }
    assert (found["children"], found["dead"], found["retry"]) == (2, 1, f"batchkit retry {mixed}")
    assert found["usd"] > 0
    text = desk.run("status", mixed).stdout
    for part in (found["report"], "12 items, Crashed (recipe)", f"batchkit logs {mixed} --failed"):
        assert part in text
    assert "PARTIAL" in desk.run("status", mixed, "--watch").stderr
    refused = desk.run("status", "u-3f2a9c0d1e4b5a6978c0d1e2", "--watch", expect=65)
    assert "batchkit runs" in refused.stderr


def test_a_page_of_the_run_lies_there_too_and_can_be_had_at_any_time(desk: Desk, mixed: str) -> None:
    bucket, key = desk.world.sandbox.outputs["ArtifactsBucket"], f"runs/{mixed}/report.html"
    eventually(lambda: desk.world.objects.head(bucket, key) is not None, "the page of the run")
    stored = desk.world.objects.get(bucket, key)
    assert stored is not None
    done = desk.json("report", mixed, "--out", "page.html")
    assert done == {"run": mixed, "state": "PARTIAL", "file": str(desk.folder / "page.html")}
    page = (desk.folder / "page.html").read_text()
    for text in (stored.body.decode(), page):
        assert f"batchkit retry {mixed}" in text
        assert "divided by zero" in text
        assert "2 of 2 children" in text
    assert f"batchkit report {mixed} --open" in desk.world.message(mixed)


def test_the_logs_of_failed_children_and_of_one_child_are_found(desk: Desk, mixed: str) -> None:
    lines = desk.json("logs", mixed, "--child", "0:0")
    assert any("divided by zero" in line["message"] for line in lines)
    followed = desk.run("logs", mixed, "--child", "0:0", "--follow").stdout
    assert len(followed.splitlines()) == len(lines)
    told = desk.run("logs", mixed, "--child", "0:0", "--follow", "--output", "json").stdout.splitlines()
    assert [json.loads(line) for line in told] == lines
    failed = desk.json("logs", mixed)
    assert {line["job"].rpartition(":")[2] for line in failed} <= {"0", "1"}
    (raised,) = [line["message"] for line in failed if "the job raised" in line["message"]]
    assert "in make" in raised
    assert "AKIA" not in raised
    desk.run("logs", mixed, "--child", "0:2", expect=65)


def test_explain_says_why_a_child_and_its_array_failed(desk: Desk, mixed: str) -> None:
    (job,) = [j["jobId"] for j in desk.world.jobs("photos-bulk") if j["jobName"].startswith(mixed)]
    array = desk.json("explain", job)
    assert (array["status"], array["failure_class"], array["run"]) == ("FAILED", "recipe", mixed)
    ((child, _),) = array["children"]
    found = desk.json("explain", child)
    assert (found["exit_code"], found["error_class"]) == (EXIT_CODE, "Crashed")
    assert mixed in found["fix"]
    assert f"exit code {EXIT_CODE}" in desk.run("explain", child).stdout
    desk.run("explain", "00000000-0000-0000-0000-000000000000", expect=65)


def test_a_retry_touches_only_what_failed(desk: Desk, mixed: str) -> None:
    before = {row["key"]: row for row in desk.json("results", mixed)}
    desk.fill("mixed", crash=b"fine now", **dict.fromkeys(DEAD, b"fine, too"))
    done = desk.json("retry", mixed, "--wait")
    assert (done["retries"], done["classes"]) == (mixed, {"recipe": 13})
    assert done["end"]["state"] == "SUCCEEDED"
    rows = desk.json("results", done["run"])
    assert {(row["key"], row["task"]) for row in rows} == {
        ("mixed/crash ü+.txt", "b"),
        *((f"mixed/{name} ü+.txt", task) for name in DEAD for task in "ab"),
    }
    assert done["end"]["counts"]["done"] == done["plan"]["items"] == 13
    assert desk.outcomes("mixed", "bad") == {"a": "rejected", "b": "rejected"}
    assert {i["run"] for i in desk.world.items("mixed/good ü+.txt").values()} == {mixed}
    assert before["mixed/good ü+.txt"]["run"] == mixed
    assert desk.json("retry", mixed) == {"retries": mixed, "classes": {}, "run": None}
    assert desk.json("retry", mixed, "--only", "rejected", "--dry-run")["plan"]["items"] == 3


def test_a_retry_gives_more_memory_only_to_what_ran_out_of_it(desk: Desk) -> None:
    run = desk.submit(desk.fill("hungry", one=b"hungry", two=b"crash", three=b"good"), expect=65)
    desk.fill("hungry", one=b"fed", two=b"die")
    done = desk.json("retry", run, "--wait", expect=65)
    (oom,) = done["more"]
    assert (done["classes"], done["plan"]["items"], oom["plan"]["items"]) == ({"recipe": 1, "oom": 2}, 1, 2)
    assert (done["plan"]["memory"], oom["plan"]["memory"]) == (2048, 4096)
    assert (done["end"]["state"], oom["end"]["state"]) == ("FAILED", "SUCCEEDED")
    # Half of the three sources of the child that had too little, both tasks of each.
    assert oom["plan"]["per_child"] == 2

    left = [
        json.loads(line)
        for line in desk.run("results", run, "--failed", "--format", "jsonl").stdout.splitlines()
    ]
    assert [(one["key"], one["task"], one["run"]) for one in left] == [
        ("hungry/two ü+.txt", "b", done["run"])
    ]
    desk.fill("hungry", two=b"fine")
    again = desk.json("retry", run, "--wait")
    assert (again["retries"], again["plan"]["items"], again["end"]["state"]) == (run, 1, "SUCCEEDED")
    assert desk.run("results", run, "--failed").stderr.count(again["run"]) == 1


def test_a_cancelled_run_says_so_and_its_retry_completes_it(desk: Desk) -> None:
    flag = desk.folder / "flag"
    bodies = {f"n{number:02d}": b"park" if not number else b"quick" for number in range(40)}
    source = desk.fill("cancelled", **bodies)
    begun = desk.json("submit", source, "--seconds-per-child", "1")
    run = begun["run"]
    eventually(flag.exists, "a child at work")
    desk.run("retry", run, expect=65)

    told = desk.json("cancel", run, "--reason", "wrong folder")
    (desk.folder / "go on").touch()
    desk.world.quiet()

    assert told["jobs"] == begun["jobs"]
    found = desk.json("status", run)
    assert found["state"] in ("PARTIAL", "FAILED")
    assert (found["cancelled"] > 0, found["cancel_reason"]) == (True, "wrong folder")
    assert "wrong folder" in desk.run("results", run, "--failed").stdout
    assert desk.json("cancel", run)["jobs"] == []
    assert [one["cancelled"] > 0 for one in desk.json("runs") if one["run"] == run] == [True]

    done = desk.json("retry", run, "--wait")
    assert done["end"]["state"] == "SUCCEEDED"
    assert {desk.outcomes("cancelled", name)["a"] for name in bodies} <= {"done", "fresh"}
    assert done["plan"]["items"] == found["counts"]["failed"]


def test_a_shell_completes_the_ids_of_the_latest_runs(desk: Desk, mixed: str) -> None:
    asked = {"_BATCHKIT_COMPLETE": "bash_complete", "COMP_WORDS": "batchkit status b-", "COMP_CWORD": "2"}
    assert f"plain,{mixed}" in desk.run(**asked).stdout.split()


def test_the_runs_are_listed_newest_first(desk: Desk, mixed: str) -> None:
    listed = desk.json("runs")
    assert mixed in [run["run"] for run in listed]
    assert [run["started"] for run in listed] == sorted((run["started"] for run in listed), reverse=True)
    assert mixed in desk.run("runs", "--limit", "50").stdout


def test_a_sweep_makes_what_is_missing_and_leaves_the_rejected_alone(desk: Desk) -> None:
    desk.world.put("uploads/seen.txt", b"seen")
    desk.world.put("uploads/bad.txt", b"reject")
    desk.world.settled("uploads/seen.txt")
    desk.world.settled("uploads/bad.txt")
    output = desk.world.sandbox.project.output.bucket
    desk.world.sandbox.clients.s3.delete_object(Bucket=output, Key="uploads/seen.txt/b.txt")

    planned = desk.json("sweep", "--dry-run")["plan"]
    assert (planned["sources"], planned["items"]) == (1, 1)
    done = desk.json("sweep", "--wait")

    assert done["end"]["state"] == "SUCCEEDED"
    assert desk.world.output("uploads/seen.txt", "b") == b"b:seen"
    assert desk.json("sweep")["run"] is None


def test_gc_deletes_only_outputs_whose_source_is_gone(desk: Desk) -> None:
    clients = desk.world.sandbox.clients
    for key in ("uploads/gone.txt", "uploads/stays.txt"):
        desk.world.put(key, b"body")
        desk.world.settled(key)
    run = desk.submit(desk.fill("garbage", gone=b"body", stays=b"body"))
    output, upload = desk.world.sandbox.project.output.bucket, desk.world.sandbox.project.upload.bucket
    clients.s3.put_object(Bucket=output, Key="uploads/gone.txt/mine.txt", Body=b"not batchkit's")
    for key in ("uploads/gone.txt", "garbage/gone ü+.txt"):
        clients.s3.delete_object(Bucket=upload, Key=key)

    listed = desk.json("gc", "--dry-run")
    mine = {"uploads/gone.txt", "garbage/gone ü+.txt"}
    assert {one["source"] for one in listed} == {f"s3://{upload}/{key}" for key in mine}
    assert len(listed) == 4
    assert not any(one["deleted"] for one in listed + desk.json("gc"))
    assert all(one["deleted"] for one in desk.json("gc", "--yes"))

    assert desk.json("gc") == []
    left = {one["Key"] for one in clients.s3.list_objects_v2(Bucket=output)["Contents"]}
    assert {"uploads/gone.txt/mine.txt", "uploads/stays.txt/a.txt", "garbage/stays ü+.txt/b.txt"} <= left
    assert run
