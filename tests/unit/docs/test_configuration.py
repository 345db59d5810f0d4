"""The manual's pages on batchkit.toml, and the schema that editors load, against the types."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from batchkit.project import schema
from batchkit.project.load import from_tables
from batchkit.recipe import find_job

ROOT = Path(__file__).parents[3]
PAGE = "\n".join((ROOT / f"docs/{page}.md").read_text() for page in ("configuration", "images"))


def keys(definition: dict[str, Any]) -> list[str]:
    return list(definition["properties"])


def described(uses: str) -> dict[str, Any]:
    job: Any = find_job(uses)
    return schema(job.schema())


@pytest.mark.parametrize("uses", ["image-variants", "image-facts"])
def test_every_key_of_the_file_and_of_a_recipe_is_in_the_manual(uses: str) -> None:
    definitions = described(uses)["$defs"]
    missing = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key in keys(definition)
        if f"`{key}`" not in PAGE and f"{key}" not in PAGE.split()
        if f"[{key}]" not in PAGE and f"[[job.{key}]]" not in PAGE and f"[job.{key}]" not in PAGE
        if f"{{ {key}," not in PAGE and f"{key}," not in PAGE.split() and f", {key} " not in PAGE
    ]
    assert missing == []


def test_the_schema_in_the_docs_is_the_one_that_the_command_prints() -> None:
    stored = json.loads((ROOT / "docs/batchkit.schema.json").read_text())
    printed = json.loads(json.dumps(described("image-variants")))
    assert stored == printed, "run: batchkit schema > docs/batchkit.schema.json"


def test_the_example_project_of_the_readme_is_one_that_loads(tmp_path: Path) -> None:
    from batchkit.project import load

    text = (ROOT / "README.md").read_text().split("```toml\n")[1].split("```")[0]
    (tmp_path / "batchkit.toml").write_text(text)

    assert [task.name for task in load(tmp_path, tmp_path).recipe.tasks] == ["thumb"]


def examples() -> list[Any]:
    """The pieces of batchkit.toml that the manual shows, each with the page and its place there."""
    return [
        pytest.param(text, id=f"{path.relative_to(ROOT)}-{number}")
        for path in sorted((ROOT / "docs").rglob("*.md"))
        for number, text in enumerate(re.findall(r"```toml\n(.*?)```", path.read_text(), re.DOTALL))
        if "entry-points" not in text
    ]


@pytest.mark.parametrize("text", examples())
def test_a_piece_of_batchkit_toml_in_the_manual_is_one_that_loads(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples/checksums")
    whole = tomllib.loads((ROOT / "examples/photos/batchkit.toml").read_text())
    for name, table in tomllib.loads(text).items():
        whole[name] = table if "uses" in table else {**whole.get(name, {}), **table}

    assert from_tables(whole, Path("batchkit.toml")).recipe.tasks
