"""All checks, in the order in which a person would take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batchkit.deploy.checks import account, changes, project, resources, wildcards
from batchkit.deploy.checks.result import Check, Place, Result
from batchkit.errors import BatchkitError, ConfigError

CHECKS: dict[str, Check] = {
    "identity": account.identity,
    "batchkit.toml": project.file,
    "names": resources.names,
    "notifications": resources.notifications,
    "network": resources.routes,
    "image": resources.image,
    "machines": changes.machines,
    "quotas": account.quotas,
    "wildcards": wildcards.wildcards,
}


def check(place: Place) -> Iterator[Result]:
    """All results. A check that AWS does not allow says so, and stops nothing: deploying may be allowed."""
    for name, one in CHECKS.items():
        try:
            yield from one(place)
        except ConfigError as error:
            # What the project names is not there.
            yield Result(name, "failed", f"{error.what}: {error.found}", error.fix or "")
        except BatchkitError as error:
            yield Result(name, "unknown", f"{error.what}: {error.found}", error.fix or "")


def require(results: Iterable[Result]) -> None:
    """Raises ConfigError for the first check that failed."""
    failed = next((result for result in results if result.verdict == "failed"), None)
    if failed is not None:
        raise ConfigError(f"the check of {failed.check} failed", found=failed.found, fix=failed.fix)
