"""The page of a run, opened from disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from support.browser import barriers
from support.finished import KEY, Finished
from support.moto_world import World, moto_clients
from support.operating import Past
from support.submitting import sources

from batchkit.runs.run_report import render

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of forty children, with an error whose key and message are hostile."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    with moto_clients() as clients:
        run = Finished(Past(World(clients), sources(80), per_child=4))
        run.end()
        path.write_bytes(render(run.facts()))
    return path


def test_it_shows_the_run_and_its_charts(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    expect(page.locator(".state")).to_have_text("PARTIAL")
    for chart in (page.locator("svg.throughput"), page.locator("svg.timeline")):
        box = chart.bounding_box()
        assert box is not None
        assert box["width"] > 500
        assert box["height"] > 150
    # Every child ran twice: a line broken in two for each way in which attempts ended.
    drawn = "".join(path.get_attribute("d") or "" for path in page.locator("svg.timeline .line").all())
    assert drawn.count("L") >= 80


def test_what_the_world_wrote_is_text(page: Page, report: Path) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(report.as_uri())
    expect(page.get_by_role("cell", name=KEY, exact=True)).to_be_visible()
    page.get_by_text("The end of a log with ValueError").click()
    expect(page.get_by_text("<b>the last line</b>")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_nobody_out(page: Page, report: Path, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(report.as_uri())
    assert barriers(page) == []


def test_it_fits_a_phone(page: Page, report: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_text(re.compile("^batchkit retry b-"))).to_be_visible()
    page.locator("summary").first.click()
    assert barriers(page) == []
    # What is wider than a phone scrolls by itself, and the keyboard must get there.
    for figure in page.locator("figure, .wide:visible").all():
        figure.focus()
        expect(figure).to_be_focused()


LINES = """(cells) => cells.map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return Math.round(range.getBoundingClientRect().height / parseFloat(getComputedStyle(cell).lineHeight));
})"""


def test_no_short_cell_is_broken_on_a_phone(page: Page, report: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(report.as_uri())
    for summary in page.locator("section > details > summary").all():
        summary.click()
    lines = page.locator("th, td:not(.long)").evaluate_all(LINES)
    assert len(lines) > 100
    assert max(lines) <= 2
    long = page.locator("td.long:visible").evaluate_all("(cells) => cells.map((cell) => cell.clientWidth)")
    assert min(long) > 150


def test_of_a_long_text_the_first_lines_are_shown_and_the_rest_on_demand(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    summary = page.locator("td summary", has_text="a very long message")
    closed = summary.bounding_box()
    summary.click()
    opened = summary.bounding_box()
    assert closed is not None
    assert opened is not None
    assert opened["height"] > closed["height"] * 2
