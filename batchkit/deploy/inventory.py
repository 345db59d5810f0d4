"""What is deployed of a project: its stacks, found by their tag, whatever plan made them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from batchkit.deploy.tools import PROJECT_TAG
from batchkit.errors import ConfigError
from batchkit.planning import names

if TYPE_CHECKING:
    from batchkit.aws.stacks import Stacks, StackState

# What others stand on, the lowest first. All other parts stand on these, and not on each other.
FOUNDATIONS = ("network", "storage", "compute")


def deployed(stacks: Stacks, project: str) -> list[StackState]:
    """The project's stacks, those first that others stand on."""
    lowest = {names.stack(project, part): rank for rank, part in enumerate(FOUNDATIONS)}
    found = stacks.tagged(PROJECT_TAG, project)
    return sorted(found, key=lambda stack: lowest.get(stack.name, len(lowest)))


def outputs(found: Iterable[StackState], project: str) -> dict[str, str]:
    """The outputs of all stacks. Raises ConfigError when there is no stack."""
    stacks = list(found)
    if not stacks:
        raise ConfigError(
            f"the project '{project}' is not deployed here",
            found="no stack with its tag",
            expected=f"stacks with the tag {PROJECT_TAG}={project}",
            fix="batchkit deploy, or check AWS_PROFILE and AWS_REGION",
        )
    return {key: value for stack in stacks for key, value in stack.outputs.items()}
