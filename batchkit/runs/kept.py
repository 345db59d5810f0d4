"""A plan kept in a file, its manifest and index beside it, to be submitted later.

The file says what the plan was made for and which manifest it is of: what is submitted is what was printed,
or nothing.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

import msgspec

from batchkit.errors import DataError
from batchkit.planning.backfill import Plan
from batchkit.runs.spool import Spool

if TYPE_CHECKING:
    from batchkit.project import Project
    from batchkit.recipe import Recipe

_AGAIN = "plan again with --save"


@dataclass(frozen=True)
class Kept:
    """What lies in the file: the plan, what it was made for, and the SHA-256 of manifest and index."""

    made_for: Mapping[str, str]
    manifest: str
    index: str
    plan: Plan


def circumstances(project: Project, artifacts: str) -> Mapping[str, str]:
    """What a plan's figures and outputs follow from, its recipe apart; `artifacts` tells where it is."""
    compute, output = project.compute, project.output
    return {
        "project": project.name,
        "artifacts bucket": artifacts,
        "[output] bucket": output.bucket,
        "[output] key": output.key,
        "[compute] type": compute.type,
        "[compute] architecture": compute.architecture,
        "[compute] vcpus": f"{compute.vcpus:g}",
        "[compute] memory": f"{int(compute.memory)} MiB",
        "[compute] bulk_timeout": f"{compute.bulk_timeout} s",
    }


def save(plan: Plan, spool: Spool, path: Path, made_for: Mapping[str, str]) -> None:
    """Keep a plan: `path`, its manifest and index beside it. Each file appears whole, the plan last."""
    beside = _beside(path)
    for origin, copy in ((spool.manifest, beside.manifest), (spool.index, beside.index)):
        with origin.open("rb") as file, _replacing(copy) as target:
            shutil.copyfileobj(file, target)
    kept = Kept(made_for, _digest(spool.manifest), _digest(spool.index), plan)
    with _replacing(path) as target:
        target.write(msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")


def load(path: Path, recipe: Recipe, made_for: Mapping[str, str]) -> tuple[Plan, Spool]:
    """A plan that `save` kept, and its manifest.

    Raises DataError when recipe or circumstances are not those that were planned with, or a file is not
    what was saved.
    """
    kept = _read(path)
    _check_recipe(kept.plan, recipe)
    _check_circumstances(kept.made_for, made_for)
    spool = _beside(path)
    spool.check(kept.plan.sources)
    if (_digest(spool.manifest), _digest(spool.index)) != (kept.manifest, kept.index):
        raise DataError(
            "the plan's manifest is not the one that was planned",
            found=f"{spool.manifest} or {spool.index.name} with another content",
            expected="the files that --save wrote beside the plan",
            fix=_AGAIN,
        )
    return kept.plan, spool


def _read(path: Path) -> Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except OSError as error:
        raise DataError("the plan cannot be read", found=str(error), fix=_AGAIN) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} is not a plan that was kept",
            found=str(error),
            expected="what `batchkit submit --save` writes",
            fix=_AGAIN,
        ) from error


def _check_recipe(plan: Plan, recipe: Recipe) -> None:
    if plan.recipe != recipe.digest:
        raise DataError(
            "the recipe has changed since the plan was made",
            found=f"{recipe.digest[:12]}… with {', '.join(task.name for task in recipe.tasks)}",
            expected=f"{plan.recipe[:12]}… with {', '.join(plan.tasks)}",
            fix="plan again",
        )


def _check_circumstances(then: Mapping[str, str], now: Mapping[str, str]) -> None:
    changed = [name for name in now if now[name] != then.get(name)]
    if changed:
        raise DataError(
            "the plan was made for something else",
            found="; ".join(f"{name}: {now[name]}" for name in changed),
            expected="; ".join(f"{name}: {then.get(name, 'nothing')}" for name in changed),
            fix="plan again, or go back to what was planned for",
        )


def _beside(path: Path) -> Spool:
    return Spool(path.with_suffix(".manifest.jsonl"), path.with_suffix(".manifest.idx"))


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` once it is whole; nothing changes if it never is."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
