"""Tests of pages in a real Chromium: one browser a session, one context a test, and an eye on everything.

Without Chromium they are skipped; with BATCHKIT_REQUIRE_BROWSER=1 (as in CI) they fail instead. Every test
fails, too, when its page logged an error, or asked another host for anything.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright
from support.browser import Eye
from support.required import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

REQUIRE = "BATCHKIT_REQUIRE_BROWSER"
# Milliseconds that only a fault takes, even on a busy machine.
PATIENCE = 60_000
NAMES = ("chromium", "chromium-browser", "google-chrome")
HERE = Path(__file__).parent

# As root there is no sandbox; nothing that a browser does of its own accord may disturb a test.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
    # A name that has become this machine's, as an attacker's does (DNS rebinding).
    "--host-resolver-rules=MAP rebound.example 127.0.0.1",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium (all of tests/browser)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing(REQUIRE, f"there is none of {', '.join(NAMES)}: .ci/browser installs it on Debian")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that has never seen anything, allowed to write to its clipboard."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context
    context.close()


@pytest.fixture
def eye(context: BrowserContext) -> Iterator[Eye]:
    """What the pages of a test said and asked for. At the end there must be nothing to complain about."""
    eye = Eye(context)
    yield eye
    assert eye.complaints() == []


@pytest.fixture
def page(context: BrowserContext, eye: Eye) -> Page:
    """A page under the eye."""
    return context.new_page()
