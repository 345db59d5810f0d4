"""What a check says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.deploy.steps import Plan, Site
    from batchkit.project import Project

# "warning": it will work, but not as well as it could; "unknown": AWS does not tell.
Verdict = Literal["ok", "warning", "failed", "unknown"]


@dataclass(frozen=True)
class Result:
    """What was checked, how it is, and what to do where it is not well."""

    check: str
    verdict: Verdict
    found: str
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Place:
    """What is going to be deployed, and where."""

    project: Project
    clients: Clients
    site: Site
    steps: Plan


Check = Callable[[Place], Iterator[Result]]
