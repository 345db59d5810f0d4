"""Other jobs than variants: the framework knows nothing of any of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from support.pictures import picture
from support.world import PROJECT, world

HEAD = PROJECT[: PROJECT.index("[job]")]

FACTS = (
    HEAD
    + """
[job]
uses = "image-facts"
facts = ["dimensions", "mean_colour"]
"""
)

CHECKSUMS = """
import hashlib

from batchkit.job import Output, Task


class Checksums:
    version = "1"

    def plan(self, recipe):
        return [Task(name=name, extension="txt") for name in recipe["algorithms"]]

    def make(self, original, tasks):
        for task in tasks:
            text = hashlib.new(task.name, original.body).hexdigest()
            yield Output(task=task.name, body=text.encode(), content_type="text/plain")
"""


def test_a_job_with_one_task_is_a_plain_job_and_makes_its_document() -> None:
    with world(FACTS) as photos:
        photos.put("uploads/a.jpg", picture(320, 200, "red"))
        items = photos.settled("uploads/a.jpg")

        assert {task: item["outcome"] for task, item in items.items()} == {"facts": "done"}
        facts = json.loads(photos.output("uploads/a.jpg", "facts") or b"")
        assert facts["dimensions"] == {"height": 200, "width": 320}
        (job,) = photos.jobs("photos-upload")
        assert job["status"] == "SUCCEEDED"
        assert "size" not in job.get("arrayProperties", {})
        assert "SUCCEEDED" in photos.message(items["facts"]["run"])


def test_a_job_beside_batchkit_toml_is_found_and_runs(tmp_path: Path) -> None:
    (tmp_path / "my_job.py").write_text(CHECKSUMS)
    (tmp_path / "batchkit.toml").write_text(
        HEAD + '[job]\nuses = "my_job:Checksums"\nalgorithms = ["sha256", "md5"]\n'
    )
    (tmp_path / "a.jpg").write_bytes(b"any bytes will do")
    below = tmp_path / "below"
    below.mkdir()

    done = subprocess.run(
        [Path(sys.executable).parent / "batchkit", "demo", tmp_path / "a.jpg", "-o", "json"],
        cwd=below,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert [row["outcome"] for row in json.loads(done.stdout)["results"]] == ["done", "done"]
    assert len((below / "batchkit-demo/uploads/a.jpg/sha256.txt").read_text()) == 64
