"""The image that children run: which one it is, and pushing it when it is not in its repository yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchkit.aws import registry
from batchkit.errors import ConfigError
from batchkit.planning import names

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.aws.stacks import Stacks


def nothing() -> None:
    """There is nothing to push."""


@dataclass(frozen=True)
class WorkerImage:
    """`uri` names it; `push` brings it there, once its repository exists."""

    uri: str
    push: Callable[[], None] = field(default=nothing)

    @property
    def is_new(self) -> bool:
        """Whether it has to be pushed."""
        return self.push is not nothing


def current(clients: Clients, stacks: Stacks, project: str, latest: str) -> str | None:
    """The image that the project runs already, else the one pushed last; None when neither is there.

    Only ECR in the clients' region is asked; what lies elsewhere is taken for granted.
    """
    state = stacks.state(names.stack(project, "compute"))
    deployed = state.parameters.get("Image") if state is not None else None
    candidates = [one for one in (deployed, latest) if one]
    return next((one for one in candidates if _is_there(clients, one)), None)


def _is_there(clients: Clients, image: str) -> bool:
    if registry.region_of(image) != clients.ecr.meta.region_name:
        return True
    return registry.digest(clients.ecr, image) is not None


def missing(why: ConfigError, latest: str) -> ConfigError:
    """The error for a machine that can build no image, where none was pushed."""
    return ConfigError(
        "there is no image for the children to run",
        found=f"none in {latest.rpartition(':')[0]}, and this machine builds none: {why.what}",
        expected="an image in the repository, or a Docker engine that builds it",
        fix="start Docker; or run `batchkit image push` elsewhere; or name one with --image",
    )
