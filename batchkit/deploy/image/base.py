"""The base image: found on the engine or pulled, and asked what runs on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.deploy.image import engine
from batchkit.deploy.image.wheels import Target
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.images import Image

# As in containers/worker/Dockerfile; a test compares them.
DEFAULT = "public.ecr.aws/docker/library/python:3.13-slim-bookworm"
# The same Python with gcc and the codecs' headers: what the module for AVX2 is compiled in.
DEFAULT_COMPILER = "public.ecr.aws/docker/library/python:3.13-bookworm"
OLDEST_PYTHON = (3, 11)
# Processors that Pillow-SIMD is written for.
COMPILED = "x86_64"

# What the machine calls itself, by the platform's name for it.
MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}

QUESTION = """
import json, os, platform, sys
names = getattr(os, "confstr_names", {})
libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in names else None
print(json.dumps([list(sys.version_info[:2]), libc, platform.machine()]))
"""

WITHOUT_REGISTRY = (
    "where no registry is reachable, build a base image from Debian packages with containers/base/build "
    "(in batchkit's source tree) and give its name with --base"
)
EMULATION = (
    "build on a machine of that kind, or let this engine emulate it: on Debian "
    "`apt-get install qemu-user-static binfmt-support`"
)


@dataclass(frozen=True)
class Base:
    """A base image as it lies on the engine. `pin` is its name with a digest if it came from a registry."""

    name: str
    id: str
    pin: str
    platform: str
    target: Target


def find(client: DockerClient, name: str, platform: str | None) -> Base:
    """The base image, pulled if the engine has none of that name and platform.

    Raises ConfigError when there is none, or when it is not Python 3.11 or newer on glibc.
    """
    image = engine.find(client, name)
    if image is None or (platform and platform_of(image) != platform):
        with engine.answering(f"pulling the base image {name}", fix=WITHOUT_REGISTRY):
            image = client.images.pull(name, platform=platform)
    target = ask(client, image, name)
    check_machine(name, platform_of(image), target.machine)
    return Base(name, str(image.id), pin(image, name), platform_of(image), target)


def find_compiler(client: DockerClient, base: Base, name: str | None) -> Base | None:
    """The image to compile in for a base; None where nothing is to be compiled: on other processors, and
    for a base that no compiler was named for (the default base has a default compiler).

    Raises ConfigError when its Python is another one, or its glibc a newer one.
    """
    name = name or (DEFAULT_COMPILER if base.name == DEFAULT else None)
    if name is None or base.target.machine != COMPILED:
        return None
    found = find(client, name, base.platform)
    ours, theirs = base.target, found.target
    if theirs.python != ours.python or theirs.glibc_minor > ours.glibc_minor:
        raise ConfigError(
            f"what {name} compiles does not run on {base.name}",
            found=f"Python {theirs.python} and glibc 2.{theirs.glibc_minor}",
            expected=f"Python {ours.python} and glibc 2.{ours.glibc_minor} or older",
            fix="--compiler with an image of the same release",
        )
    return found


def check_machine(name: str, platform: str, machine: str) -> None:
    """Raise ConfigError when an image is not for the processor that it says it is for."""
    if MACHINES.get(platform) != machine:
        raise ConfigError(
            f"{name} cannot be the base of the worker's image",
            found=f"an image that says it is {platform} with a Python for {machine}",
            expected=" or ".join(MACHINES),
            fix="take another base image, or import this one with its platform",
        )


def platform_of(image: Image) -> str:
    """`linux/amd64`, `linux/arm64`, …"""
    return f"{image.attrs['Os']}/{image.attrs['Architecture']}"


def pin(image: Image, name: str) -> str:
    """The name with the registry's digest; an image made here has none, and its id says the same."""
    return next(iter(image.attrs.get("RepoDigests") or []), f"{name}@{image.id}")


def ask(client: DockerClient, image: Image, name: str) -> Target:
    """Start Python in the image, without a network, and let it say what it is."""
    with engine.answering(f"starting python3 in {name}", fix=EMULATION):
        answer = client.containers.run(
            image, entrypoint=["python3", "-I", "-c", QUESTION], remove=True, network_mode="none"
        )
    return understand(answer, name)


def understand(answer: bytes, name: str) -> Target:
    """The target that the answer to QUESTION describes. Raises ConfigError for an unsuitable one."""
    python, libc, machine = json.loads(answer)
    if tuple(python) < OLDEST_PYTHON or not libc or not libc.startswith("glibc 2."):
        raise ConfigError(
            f"{name} cannot be the base of the worker's image",
            found=f"Python {python[0]}.{python[1]}, {libc or 'a C library that is not glibc'}",
            expected="Python 3.11 or newer, and glibc (not Alpine: it has none)",
            fix=f"--base {DEFAULT}",
        )
    return Target(f"{python[0]}.{python[1]}", machine, int(libc.partition("glibc 2.")[2].split(".")[0]))
