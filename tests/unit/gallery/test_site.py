"""The page's files: nothing inline, nothing foreign, nothing missing."""

from __future__ import annotations

import re

import pytest

from batchkit.gallery import rows, site
from batchkit.gallery.exporting import exported_page
from batchkit.planning import names

FILES = {name: body.decode() for name, body in site.files()}
PAGE = FILES[site.INDEX]
SCRIPTS = sorted(name for name in FILES if name.endswith(".js"))


def policy(page: str) -> dict[str, str]:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found
    return dict(part.strip().split(" ", 1) for part in found[1].split(";"))


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    directives = policy(PAGE)
    assert directives["default-src"] == "'none'"
    assert {directives[f"{kind}-src"] for kind in ("script", "style", "img", "connect")} == {"'self'"}
    assert directives["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in PAGE


def test_the_page_has_no_inline_script_style_or_handler() -> None:
    assert re.findall(r"<script(?![^>]* src=)", PAGE) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", PAGE) == []
    assert "://" not in PAGE


def test_every_file_is_used_and_every_used_file_is_there() -> None:
    used = set(re.findall(r'(?:src|href)="([^"#][^"]*)"', PAGE))
    assert used == set(FILES) - {site.INDEX}
    assert {site.content_type(name) for name in FILES} <= set(site.TYPES.values())


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_of_text(name: str) -> None:
    found = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", FILES[name]
    )
    assert found == []


def test_outcomes_have_the_same_bits_in_the_page_as_in_its_rows() -> None:
    found = re.search(r"const BITS = \{(.*?)\}", FILES["data.js"])
    assert found
    bits = {name: int(bit) for name, bit in re.findall(r"(\w+): (\d+)", found[1])}
    assert bits == rows.BITS


def test_the_page_looks_for_its_files_where_they_are_put() -> None:
    identity = names.source_id("b", "k")
    assert names.gallery_shelf(identity) == f"_gallery/data/sources/{identity[:3]}.json"
    assert "sources/${id.slice(0, 3)}" in FILES["data.js"]
    assert "index/${part.name}" in FILES["data.js"]


def test_an_exported_page_takes_data_as_scripts_and_stays_as_strict_otherwise() -> None:
    page = exported_page(PAGE)
    assert '<meta name="gallery-data" content="scripts">' in page
    directives = policy(page)
    assert directives["script-src"] == "'self' file:"
    assert directives["trusted-types"] == "gallery-data"
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in page
