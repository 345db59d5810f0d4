"""The locks: every package pinned and hashed, in step with what the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from batchkit.deploy.image import context

ROOT = Path(__file__).parents[4]
WORKER = ROOT / "containers/worker"


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", text, re.MULTILINE))


def asked_for(name: str) -> set[str]:
    lines = (WORKER / name).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


@pytest.mark.parametrize(
    "lock",
    (*context.locks(avx2=False), context.source_lock(avx2=True), context.source_lock(avx2=False)),
    ids=lambda path: path.name,
)
def test_every_pin_has_hashes_and_no_index_is_named(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^#.*\n", "", text).strip())

    assert entries
    entry = re.compile(r"[a-z0-9-]+==\S+( ; [^\n]+)? \\\n +--hash=sha256:[0-9a-f]{64}")
    assert all(map(entry.match, entries))
    assert "://" not in text


def test_the_worker_asks_for_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    known = {*project["dependencies"], *extras["images"], *extras["report"]}
    asked = asked_for("requirements.in")

    assert asked <= known
    assert known - asked == {line for line in known if line.startswith(("click", "rich", "PyYAML"))}


def test_the_image_has_the_versions_that_the_tests_ran_with() -> None:
    tested = {name.lower(): pin for name, pin in pins((ROOT / ".ci/constraints.txt").read_text()).items()}
    locked = {
        name: pin
        for lock in ("requirements.lock", "libvips.lock", "pyvips.lock")
        for name, pin in pins((WORKER / lock).read_text(encoding="utf-8")).items()
    }

    assert locked == {name: tested[name] for name in locked}


def test_the_module_for_avx2_is_of_the_pillow_that_it_is_put_beside() -> None:
    wheels = pins((WORKER / "requirements.lock").read_text(encoding="utf-8"))
    sources = pins(context.source_lock(avx2=True).read_text(encoding="utf-8"))

    assert sources["pillow"] == wheels["pillow"]
    assert set(sources) == {"pillow", "pillow-simd"}


def test_libvips_in_the_image_is_what_the_extra_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = {re.split(r"[\[>]", line)[0] for line in project["optional-dependencies"]["fast"]} - {"batchkit"}
    named = {line.partition(">")[0] for line in asked_for("libvips.in")}

    assert named == {"cffi", "nanoarrow", "pyvips-binary"}
    assert extra == {"nanoarrow", "pyvips"}
