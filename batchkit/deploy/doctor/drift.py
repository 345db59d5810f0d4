"""Drift: stacks that are not well, and what is deployed that batchkit.toml does not say any more."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.aws import registry
from batchkit.aws.account import account_id
from batchkit.deploy.doctor.finding import Finding, System
from batchkit.errors import PermissionDenied


def stacks(system: System) -> Iterator[Finding]:
    """Stacks whose last operation failed, or that are still moving."""
    for stack in system.stacks:
        if stack.is_moving:
            yield Finding(
                "stack-moving",
                f"the stack {stack.name} is {stack.status}",
                "CloudFormation is at work: what is seen here may change",
                "wait, or batchkit deploy, which follows it",
            )
        elif not stack.is_well:
            yield Finding(
                "stack-unwell",
                f"the stack {stack.name} is {stack.status}: {stack.reason}".rstrip(": "),
                "the last deployment failed; what runs is what was before",
                "batchkit deploy",
            )


def recipe(system: System) -> Iterator[Finding]:
    """Uploads are processed by the recipe that was deployed, not by the one in the file."""
    deployed, local = system.parameters.get("Recipe"), system.project.recipe.digest
    if deployed is not None and deployed != local:
        yield Finding(
            "recipe-drift",
            f"uploads are processed by the recipe {deployed[:12]}, batchkit.toml says {local[:12]}",
            "uploads and `batchkit submit` make different outputs",
            "batchkit deploy; then batchkit sweep makes what is stale",
        )


def image(system: System) -> Iterator[Finding]:
    """The image that children run: the one that the file names, and there."""
    deployed, wanted = system.parameters.get("Image"), system.project.compute.image
    if deployed is None:
        return
    if wanted is not None and deployed != wanted:
        yield Finding(
            "image-drift",
            f"children run {deployed}, batchkit.toml says {wanted}",
            "another version of the jobs may make other outputs",
            "batchkit deploy",
        )
    if registry.region_of(deployed) == system.clients.region and _is_own(system, deployed):
        try:
            there = registry.digest(system.clients.ecr, deployed)
        except PermissionDenied as error:
            yield Finding(
                "image", str(error.what), "nobody can say whether it is there", str(error.fix), unknown=True
            )
            return
        if there is None:
            yield Finding(
                "image-missing",
                f"{deployed} is not in its repository",
                "no child can start: its host cannot pull the image",
                "batchkit deploy builds and pushes it",
            )


def _is_own(system: System, image: str) -> bool:
    return image.startswith(account_id(system.clients.sts))
