"""What a project's own tests import: its job on some bytes, and its whole flow on this machine.

    from batchkit.testing import load_project, make, running

    PROJECT = load_project(__file__)

    def test_a_photo_has_a_thumbnail():
        thumb = make(PROJECT, "holiday/beach.jpg", PHOTO)["thumb"]
        assert (thumb.facts["width"], thumb.facts["height"]) == (200, 200)

    def test_an_upload_becomes_variants():
        with running(PROJECT) as stack:
            assert stack.upload("beach.jpg", PHOTO)["thumb"].outcome == "done"
            assert stack.output("beach.jpg", "thumb").startswith(b"RIFF")

Needs `pip install 'batchkit[local]'`. Neither reads an AWS credential nor reaches AWS.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from batchkit.aws.objects import Objects
from batchkit.errors import BatchkitError, JobError, Rejected
from batchkit.job import Failure, Original, Output
from batchkit.local import showcase
from batchkit.local.sandbox import Options, Sandbox, sandbox
from batchkit.local.showcase import Endings, Result, Upload
from batchkit.planning.outputs import output_key
from batchkit.project import Project, load

__all__ = ["Project", "Rejected", "Result", "Running", "load_project", "make", "running"]

# Longer than any upload takes on a machine that works; only a hang takes it.
PATIENCE = 120.0


def load_project(near: str | Path) -> Project:
    """The project of the nearest batchkit.toml, from the folder of `near` (usually `__file__`) upwards.

    A job of the project's own lies beside that file and is imported from there. Raises ConfigError.
    """
    start = Path(near).resolve()
    project = load(None, start if start.is_dir() else start.parent)
    folder = str(project.path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return project


def make(project: Project, key: str, body: bytes) -> dict[str, Output | Rejected]:
    """What the project's job makes of a source, by task: an output, or why there is none.

    Raises Rejected where the job refuses the source as a whole, JobError where it leaves a task out,
    and whatever the job raises.
    """
    made: dict[str, Output | Rejected] = {}
    for result in project.recipe.job.make(Original(key=key, body=body), project.recipe.tasks):
        made[result.task] = result.rejected if isinstance(result, Failure) else result
    missing = [task.name for task in project.recipe.tasks if task.name not in made]
    if missing:
        raise JobError("the job made nothing for a task, and gave no reason", found=", ".join(missing))
    return made


@dataclass(frozen=True)
class Running:
    """A project on this machine. `sandbox` has its clients, for whatever is not offered here."""

    sandbox: Sandbox
    endings: Endings

    def upload(self, key: str, body: bytes, timeout: float = PATIENCE) -> Mapping[str, Result]:
        """Put a source and wait for its end: what became of each task, by name.

        A source that the rules refuse has one result, of the task `(all)`. Raises BatchkitError after
        `timeout` seconds.
        """
        upload = Upload(Path(key), key, len(body))
        self.endings.forget(key)
        bucket = self.sandbox.project.upload.bucket
        self.sandbox.clients.s3.put_object(Bucket=bucket, Key=key, Body=body)
        if self.endings.wait([key], timeout):
            raise BatchkitError(f"the upload of {key} did not end", expected=f"its end within {timeout:g} s")
        return {result.task: result for result in showcase.results(self.sandbox, [upload], self.endings)}

    def output(self, key: str, task: str) -> bytes | None:
        """The bytes that a task made of a source, or None."""
        project = self.sandbox.project
        extension = next(one.extension for one in project.recipe.tasks if one.name == task)
        name = output_key(project.output.key, key, task, extension)
        found = Objects(self.sandbox.clients.s3).get(project.output.bucket, name)
        return found.body if found else None


@contextmanager
def running(project: Project) -> Iterator[Running]:
    """The local stack with the project's own templates deployed to it, until the block ends.

    It takes some seconds to start: share one among the tests of a module. Raises ConfigError.
    """
    endings = Endings()
    with sandbox(project, Options(observe=endings)) as stack:
        yield Running(stack, endings)
