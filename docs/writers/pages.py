"""The pages of docs/reference, by file name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from docs.writers import cli, configuration, estimates, events, exit_codes, ledger, roles, status_reasons

FOLDER = Path(__file__).parents[1] / "reference"

PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "cli": cli.page,
        "configuration": configuration.page,
        "estimates": estimates.page,
        "events": events.page,
        "exit-codes": exit_codes.page,
        "ledger": ledger.page,
        "roles": roles.page,
        "status-reasons": status_reasons.page,
    }
)


def outdated() -> list[str]:
    """The pages that are not what the code says now."""
    return [name for name, page in PAGES.items() if (FOLDER / f"{name}.md").read_text() != page()]
