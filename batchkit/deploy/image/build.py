"""Building the worker's image: base, wheels, context, engine. The same content is built once.

The image's name says its content: `batchkit-worker:<12 hexadecimal digits>` of the build context, the
base image and the labels.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit import __version__, canonical, resources
from batchkit.deploy.image import base as bases
from batchkit.deploy.image import context, engine, wheels
from batchkit.errors import ConfigError
from batchkit.recipe import FORMAT, find_job

if TYPE_CHECKING:
    from pathlib import Path

    from docker import DockerClient
    from docker.models.images import Image

    from batchkit.deploy.image.base import Base

REPOSITORY = "batchkit-worker"
LABEL_REVISION = "org.opencontainers.image.revision"
# Names the commit where there is no checkout to ask.
REVISION = "BATCHKIT_REVISION"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Layer:
    """A layer that holds something: bytes, and the step that made it."""

    bytes: int
    step: str


@dataclass(frozen=True)
class Built:
    """An image on the engine. `bytes` is the sum of its layers, as the engine counts (uncompressed)."""

    tag: str
    id: str
    bytes: int
    platform: str
    python: str
    base: str
    layers: tuple[Layer, ...]
    existed: bool


def build(
    client: DockerClient,
    *,
    environ: Mapping[str, str],
    base: str | None = None,
    platform: str | None = None,
    tag: str | None = None,
    compiler: str | None = None,
    report: Report = lambda line: None,
) -> Built:
    """Build the image unless the engine has it; `tag` is one more name for it, `compiler` the image in which
    Pillow's module for AVX2 is compiled.

    Raises ConfigError (no base image, no wheels, a failing step), telling `report` of each step.
    """
    found = bases.find(client, base or bases.DEFAULT, platform)
    report(f"base {found.pin} ({found.platform}, Python {found.target.python})")
    within = bases.find_compiler(client, found, compiler)
    report(f"compiler {within.pin}" if within else "no compiler for x86-64: libvips resizes, instead of AVX2")
    avx2, cache = within is not None, wheels.cache_folder(environ)
    house = wheels.fill(found.target, context.locks(avx2=avx2), cache)
    sources = wheels.fill_sources(context.source_lock(avx2=avx2), cache)
    packed = context.pack(house, sources)
    marks = labels(found)
    decided = (found.id, within.id if within else "", canonical.encode(marks).decode())
    name = f"{REPOSITORY}:{context.digest(packed, *decided)}"
    image = engine.find(client, name)
    if image is None:
        marks[LABEL_REVISION] = revision(environ)
        made = _build(
            client, packed, name=name, base=found, compiler=within or found, marks=marks, report=report
        )
    else:
        made = image
    if tag:
        with engine.answering(f"tagging the image as {tag}"):
            made.tag(tag)
    return describe(made, name, found, existed=image is not None)


def labels(base: Base) -> dict[str, str]:
    """What the image says of itself, but for the commit: that decides nothing in it."""
    jobs = {point.name: find_job(point.value).version for point in context.job_points()}
    return {
        "org.opencontainers.image.title": REPOSITORY,
        "org.opencontainers.image.version": __version__,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.base.name": base.name.partition("@")[0],
        "org.opencontainers.image.base.digest": base.pin.rpartition("@")[2],
        "batchkit.recipe.format": str(FORMAT),
        **{f"batchkit.job.{name}": version for name, version in jobs.items()},
    }


def revision(environ: Mapping[str, str], root: Path | None = None) -> str:
    """The commit that the sources are, "" for an installed package that nobody named one for.

    `-dirty` behind it tells that files of the checkout (at `root`) are changed or not in git.
    """
    root = root or resources.path("containers").parent
    if REVISION in environ or not (root / ".git").exists():
        return environ.get(REVISION, "")
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    return f"{commit}-dirty" if commit and _git(root, "status", "--porcelain") else commit


def _git(root: Path, *arguments: str) -> str:
    """What git says, "" where it fails or there is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = subprocess.run([git, *arguments], cwd=root, capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else ""


def describe(image: Image, tag: str, base: Base, *, existed: bool) -> Built:
    """The facts of a built image."""
    with engine.answering(f"reading the history of {tag}"):
        history = image.history()
    layers = tuple(Layer(step["Size"], step_text(step["CreatedBy"])) for step in history if step["Size"])
    return Built(
        tag=tag,
        id=str(image.id),
        bytes=int(image.attrs["Size"]),
        platform=base.platform,
        python=base.target.python,
        base=base.pin,
        layers=layers[::-1],
        existed=existed,
    )


def step_text(created_by: str) -> str:
    """A step without the `/bin/sh -c #(nop)` that the engine puts before what needs no shell."""
    return created_by.replace("/bin/sh -c #(nop)", "").strip() or "(imported)"


def _build(
    client: DockerClient,
    packed: bytes,
    *,
    name: str,
    base: Base,
    compiler: Base,
    marks: Mapping[str, str],
    report: Report,
) -> Image:
    answers = client.api.build(
        fileobj=io.BytesIO(packed),
        custom_context=True,
        tag=name,
        buildargs={"BASE_IMAGE": base.id, "COMPILER_IMAGE": compiler.id},
        labels=dict(marks),
        platform=base.platform,
        network_mode="none",
        rm=True,
        forcerm=True,
        decode=True,
    )
    try:
        with engine.answering(f"building {name}"):
            for answer in engine.follow(answers):
                if text := engine.said(answer):
                    report(text)
    except engine.StreamError as error:
        raise failed(name, error) from error
    image = engine.find(client, name)
    if image is None:
        raise ConfigError(f"the engine built {name} and lost it", fix="look for a job that prunes images")
    return image


def failed(name: str, error: engine.StreamError) -> ConfigError:
    """What went wrong in a build, with the last lines of its output."""
    foreign = "exec format error" in "\n".join((error.message, *error.lines))
    return ConfigError(
        f"{name} could not be built",
        found="\n            ".join((*error.lines, error.message)),
        fix=bases.EMULATION if foreign else "read the output above; `docker system df` tells of a full disk",
    )
