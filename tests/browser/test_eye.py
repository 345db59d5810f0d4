"""The watch that every browser test is under: it must see what it is there to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.browser import Eye, barriers

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext


def test_errors_and_foreign_requests_are_seen(context: BrowserContext, tmp_path: Path) -> None:
    page_file = tmp_path / "page.html"
    page_file.write_text(
        "<!doctype html><img src='http://other.invalid/x.png' alt=''>"
        "<script>console.error('ouch'); lost()</script>"
    )
    eye = Eye(context)

    context.new_page().goto(page_file.as_uri(), wait_until="load")

    text = "\n".join(eye.complaints())
    assert "ouch" in text
    assert "lost is not defined" in text
    assert "asked http://other.invalid/x.png" in text


def test_barriers_are_found(context: BrowserContext, tmp_path: Path) -> None:
    page_file = tmp_path / "page.html"
    page_file.write_text("<!doctype html><html lang=en><title>t</title><main><button></button></main></html>")
    page = context.new_page()
    page.goto(page_file.as_uri())

    assert [one["id"] for one in barriers(page)] == ["button-name"]
