"""The storage stack in process, and a bus that keeps what is put onto it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from support.cloud import cloud
from support.projects import photos

from batchkit.aws.bus import Bus
from batchkit.aws.ledger import Ledger
from batchkit.aws.objects import Objects
from batchkit.completion.completion import Completion
from batchkit.completion.rejections import Rejections
from batchkit.deploy.steps import STORAGE
from batchkit.planning import names
from batchkit.resources import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

UPLOADS = "photos-originals"
ARTIFACTS = "photos-artifacts"
TABLE = "photos-ledger"
TASKS = 3


class Recorder:
    """An EventBridge client that only keeps what it is given."""

    def __init__(self) -> None:
        self.details: list[dict[str, Any]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803  botocore's spelling
        self.details += [json.loads(entry["Detail"]) for entry in Entries]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}


class House:
    """What a handler works with, and how a test looks at it."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.clock = 1_795_162_600.0
        self.ledger = Ledger(clients.dynamodb, TABLE, clock=lambda: self.clock)
        self.objects = Objects(clients.s3)
        self.events = Recorder()
        self.recipe = photos(TASKS).recipe
        self.objects.put(
            ARTIFACTS, names.recipe_key(self.recipe.digest), self.recipe.document, "application/json"
        )

    @property
    def completion(self) -> Completion:
        return Completion("photos", ARTIFACTS, self.ledger, self.objects, self._bus)

    @property
    def rejections(self) -> Rejections:
        rules = photos(TASKS).upload_rules
        return Rejections("photos", self.recipe.digest, rules, self.ledger, self._bus)

    @property
    def _bus(self) -> Bus:
        return Bus(cast("Any", self.events), "photos")


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with cloud() as clients:
        parameters = {
            "Project": "photos",
            "UploadBucketName": UPLOADS,
            "OutputBucketName": "photos-variants",
            "ArtifactsBucketName": ARTIFACTS,
            "LedgerTableName": TABLE,
        }
        clients.cloudformation.create_stack(
            StackName="photos-storage",
            TemplateBody=path(STORAGE).read_text(),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
            ],
        )
        yield clients


@pytest.fixture
def house(clients: Clients) -> House:
    return House(clients)
