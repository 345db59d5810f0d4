"""What deploying needs of AWS, put together once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.aws.change_sets import ChangeSets
from batchkit.aws.objects import Objects
from batchkit.aws.stacks import Stacks
from batchkit.deploy.operation import Report, Watch, unheard

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients

# Every stack has it, and CloudFormation gives it to all its resources that take tags.
PROJECT_TAG = "batchkit:project"


@dataclass(frozen=True)
class Tools:
    """Stacks, change sets and objects of one account and region; `tags` are those of the project's stacks."""

    stacks: Stacks
    change_sets: ChangeSets
    objects: Objects
    watch: Watch
    tags: Mapping[str, str]

    @classmethod
    def of(cls, clients: Clients, project: str, report: Report = unheard) -> Tools:
        stacks = Stacks(clients.cloudformation)
        change_sets = ChangeSets(clients.cloudformation)
        tags = {PROJECT_TAG: project}
        return cls(stacks, change_sets, Objects(clients.s3), Watch(stacks, report), tags)
