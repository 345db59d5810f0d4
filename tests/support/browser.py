"""A page as a test watches it: its console, its requests, its accessibility."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

# What axe calls the impact of a finding that keeps people out.
SERIOUS = ("serious", "critical")


class Eye:
    """Hears every console message and error, and sees every request, of all pages of a context.

    `allowed` texts in an error are expected; the only hosts are this machine's.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.allowed: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.errors.append(f"uncaught: {error.error}"))
        context.on("request", self._see)

    def complaints(self) -> list[str]:
        """The unexpected errors, and the requests to other hosts."""
        loud = [text for text in self.errors if not any(one in text for one in self.allowed)]
        return loud + [f"asked {url}" for url in self.requests if not _is_near(url)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _see(self, request: Request) -> None:
        self.requests.append(request.url)


def _is_near(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("file", "data", "blob", "about") or parts.hostname == "127.0.0.1"


def barriers(page: Page, within: str = "body") -> list[dict[str, Any]]:
    """axe's serious findings on what the page shows now: rule, help, and the elements."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        {"id": one["id"], "help": one["help"], "nodes": [node["html"][:200] for node in one["nodes"]]}
        for one in found
        if one["impact"] in SERIOUS
    ]
