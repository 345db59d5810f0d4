from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.cloud import ACCOUNT, REGION, cloud
from support.projects import photos

from batchkit.aws import registry
from batchkit.aws.stacks import Stacks
from batchkit.deploy.deploy import deploy
from batchkit.deploy.worker_image import WorkerImage, current

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

LATEST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/photos-worker:latest"
MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}'


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


def found(aws: Clients) -> str | None:
    return current(aws, Stacks(aws.cloudformation), "photos", LATEST)


def test_where_nothing_was_pushed_there_is_no_image(aws: Clients) -> None:
    assert found(aws) is None


def test_the_image_that_was_pushed_last_is_taken_where_nothing_runs(aws: Clients) -> None:
    aws.ecr.create_repository(repositoryName="photos-worker")
    aws.ecr.put_image(repositoryName="photos-worker", imageManifest=MANIFEST, imageTag="latest")
    assert found(aws) == LATEST
    digest = registry.digest(aws.ecr, LATEST)
    assert registry.digest(aws.ecr, LATEST.replace(":latest", f"@{digest}")) == digest


@pytest.mark.parametrize("image", ["worker:1", "ghcr.io/team/worker:1"])
def test_what_runs_from_another_registry_is_kept(aws: Clients, image: str) -> None:
    deploy(photos(1), aws, image=image)
    assert found(aws) == image


def test_only_an_image_with_something_to_push_is_new() -> None:
    assert not WorkerImage("a").is_new
    assert WorkerImage("a", lambda: None).is_new
