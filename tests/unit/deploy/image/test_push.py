"""Pushing: the digest is what counts, and a refusal says what to do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound

from batchkit.aws.registry import Login
from batchkit.deploy.image import push
from batchkit.errors import ConfigError

REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/photos-worker"
DIGEST = "sha256:" + "d" * 64
TAKEN = [{"status": "Pushed", "id": "0a1b"}, {"aux": {"Tag": "x", "Digest": DIGEST, "Size": 1}}]


class Engine:
    """An engine with one image, whose registry gives these answers."""

    def __init__(self, answers: list[dict[str, Any]], image: str = "batchkit-worker:0123456789ab") -> None:
        self.answers, self.image = answers, image
        self.names: list[str] = []
        self.auth: list[Any] = []
        self.images = self.api = self

    def get(self, name: str) -> Any:
        if name != self.image:
            raise ImageNotFound("no such image")
        return SimpleNamespace(tag=lambda repository, tag: self.names.append(f"{repository}:{tag}"))

    def push(self, repository: str, tag: str, *, auth_config: Any, **options: Any) -> Any:
        self.auth.append(auth_config)
        return iter(self.answers)


def test_an_image_is_pushed_under_its_own_tag_and_as_latest() -> None:
    engine: Any = Engine(TAKEN)

    pushed = push.push(engine, "batchkit-worker:0123456789ab", REPOSITORY, Login("AWS", "secret"))

    assert pushed == push.Pushed(f"{REPOSITORY}@{DIGEST}", ("0123456789ab", "latest"))
    assert engine.names == [f"{REPOSITORY}:0123456789ab", f"{REPOSITORY}:latest"]
    assert engine.auth == [{"username": "AWS", "password": "secret"}] * 2


def test_each_layer_that_arrives_is_reported() -> None:
    lines: list[str] = []
    engine: Any = Engine(TAKEN)

    push.push(engine, "batchkit-worker:0123456789ab", REPOSITORY, report=lines.append)

    assert lines == ["0a1b pushed", "0a1b pushed"]


@pytest.mark.parametrize(
    ("refusal", "fix"),
    [
        ("name unknown: The repository with name 'photos-worker' does not exist", "create-repository"),
        ("tag invalid: The image tag 'latest' already exists and is immutable", "mutable"),
        ("tag invalid: The image tag 'abc' already exists and is immutable", "the same content"),
        ("denied: User is not authorized to perform: ecr:InitiateLayerUpload", "role"),
        ("dial tcp: i/o timeout", "network"),
    ],
)
def test_a_refusal_says_what_to_do(refusal: str, fix: str) -> None:
    engine: Any = Engine([{"error": refusal}])

    with pytest.raises(ConfigError) as caught:
        push.push(engine, "batchkit-worker:0123456789ab", REPOSITORY)

    assert refusal in str(caught.value)
    assert fix in str(caught.value.fix)


def test_an_answer_without_a_digest_is_no_success() -> None:
    engine: Any = Engine([{"status": "Pushed"}])

    with pytest.raises(ConfigError, match="no digest"):
        push.push(engine, "batchkit-worker:0123456789ab", REPOSITORY)


def test_an_image_that_is_not_there_is_to_be_built_first() -> None:
    engine: Any = Engine(TAKEN)

    with pytest.raises(ConfigError, match="no image other:1"):
        push.push(engine, "other:1", REPOSITORY)


@pytest.mark.parametrize("repository", [f"{REPOSITORY}:1", f"{REPOSITORY}@{DIGEST}", "photos-worker"])
def test_a_repository_has_a_registry_and_no_tag(repository: str) -> None:
    with pytest.raises(ConfigError, match="not a repository"):
        push.check(repository)


def test_a_registry_with_a_port_is_one() -> None:
    push.check("127.0.0.1:5000/photos-worker")
