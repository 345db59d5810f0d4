"""The base image: what it may be, and what to do without one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ContainerError, ImageNotFound, NotFound

from batchkit.deploy.image import base
from batchkit.deploy.image.wheels import Target
from batchkit.errors import ConfigError

ANSWER = json.dumps([[3, 13], "glibc 2.36", "x86_64"]).encode()
ARM_ANSWER = json.dumps([[3, 13], "glibc 2.36", "aarch64"]).encode()
DIGEST = "sha256:" + "b" * 64


def image(architecture: str = "amd64", digests: tuple[str, ...] = ()) -> Any:
    attrs = {"Os": "linux", "Architecture": architecture, "RepoDigests": list(digests)}
    return SimpleNamespace(id="sha256:" + "a" * 64, attrs=attrs)


class Engine:
    """The SDK's client for an engine with some images, whose registry has others."""

    def __init__(self, local: dict[str, Any], remote: dict[str, Any], answer: bytes = ANSWER) -> None:
        self.local, self.remote, self.answer = local, remote, answer
        self.images = self.containers = self

    def get(self, name: str) -> Any:
        if name not in self.local:
            raise ImageNotFound("no such image")
        return self.local[name]

    def pull(self, name: str, platform: str | None = None) -> Any:
        if name not in self.remote:
            raise NotFound("dial tcp: lookup registry: no such host")
        return self.remote[name]

    def run(self, found: Any, **options: Any) -> bytes:
        if not self.answer:
            raise ContainerError(found, 1, "python3", found, b"exec format error")
        return self.answer


def test_an_image_that_is_here_is_not_pulled() -> None:
    found = base.find(Engine({"b": image()}, {}), "b", None)  # type: ignore[arg-type]

    assert found.platform == "linux/amd64"
    assert found.target == Target("3.13", "x86_64", 36)


def test_an_image_of_another_platform_is_pulled() -> None:
    engine: Any = Engine({"b": image("amd64")}, {"b": image("arm64")}, ARM_ANSWER)

    assert base.find(engine, "b", "linux/arm64").platform == "linux/arm64"


def test_without_an_image_and_a_registry_it_says_how_to_build_one() -> None:
    engine: Any = Engine({}, {})

    with pytest.raises(ConfigError) as caught:
        base.find(engine, "public.example/python:3.13", None)

    assert "containers/base/build" in str(caught.value)
    assert "public.example/python:3.13" in str(caught.value)


def test_an_image_of_a_foreign_processor_says_how_to_emulate_it() -> None:
    engine: Any = Engine({"b": image("arm64")}, {}, answer=b"")

    with pytest.raises(ConfigError) as caught:
        base.find(engine, "b", None)

    assert "qemu-user-static" in str(caught.value)


def test_an_image_that_lies_about_its_processor_is_refused() -> None:
    engine: Any = Engine({"b": image("amd64")}, {}, ARM_ANSWER)

    with pytest.raises(ConfigError) as caught:
        base.find(engine, "b", None)

    assert caught.value.found == "an image that says it is linux/amd64 with a Python for aarch64"


def test_the_pin_is_the_registrys_digest_or_else_the_images_id() -> None:
    assert base.pin(image(digests=(f"r/python@{DIGEST}",)), "r/python:3.13") == f"r/python@{DIGEST}"
    assert base.pin(image(), "local:1") == "local:1@sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([[3, 10], "glibc 2.36", "x86_64"], "Python 3.10"),
        ([[3, 13], None, "x86_64"], "not glibc"),
        ([[3, 13], "musl", "x86_64"], "musl"),
    ],
)
def test_an_unsuitable_base_is_refused(answer: list[Any], found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base.understand(json.dumps(answer).encode(), "alpine")

    assert found in str(caught.value)


def compiled(answer: list[Any], compiler: str | None = "c", name: str = "b") -> base.Base | None:
    """The image to compile in, for a base of Python 3.13 and glibc 2.36, with a compiler that answers so."""
    images = {name: image(), "c": image(), base.DEFAULT_COMPILER: image()}
    found = base.find(Engine(images, {}), name, None)  # type: ignore[arg-type]
    return base.find_compiler(Engine(images, {}, json.dumps(answer).encode()), found, compiler)  # type: ignore[arg-type]


def test_a_compiler_of_the_same_python_and_no_newer_glibc_will_do() -> None:
    found = compiled([[3, 13], "glibc 2.31", "x86_64"])

    assert found is not None
    assert found.name == "c"


@pytest.mark.parametrize("answer", [[[3, 12], "glibc 2.36", "x86_64"], [[3, 13], "glibc 2.41", "x86_64"]])
def test_what_another_python_or_a_newer_glibc_compiles_does_not_run(answer: list[Any]) -> None:
    with pytest.raises(ConfigError, match="does not run on b"):
        compiled(answer)


def test_the_default_base_has_a_default_compiler_and_others_have_none() -> None:
    same = [[3, 13], "glibc 2.36", "x86_64"]
    found = compiled(same, None, base.DEFAULT)

    assert found is not None
    assert found.name == base.DEFAULT_COMPILER
    assert compiled(same, None) is None


def test_nothing_is_compiled_for_another_processor() -> None:
    engine: Any = Engine({"b": image("arm64"), "c": image("arm64")}, {}, ARM_ANSWER)

    assert base.find_compiler(engine, base.find(engine, "b", None), "c") is None
