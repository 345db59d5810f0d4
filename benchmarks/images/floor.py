"""The bare codecs: libjpeg-turbo and libwebp called from C, without resizing and without Python."""

from __future__ import annotations

import ctypes.util
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import msgspec
import PIL

from benchmarks.images.python_engines import naive_picture
from benchmarks.images.sets import Wanted, recipe
from image_variants import header, plan
from image_variants.recipe import ImageRecipe
from image_variants.spec import Limits

SOURCE = Path(__file__).with_name("floor.c")
BUNDLED = Path(PIL.__file__).parents[1] / "pillow.libs"


def build(folder: Path) -> tuple[Path | None, str]:
    """The program, compiled, and what it is linked to; None and the reason without compiler or headers."""
    compiler, program = shutil.which("cc"), folder / "floor"
    if compiler is None:
        return None, "no C compiler"
    bundled = [*BUNDLED.glob("libjpeg-*"), *BUNDLED.glob("libwebp-*"), *BUNDLED.glob("libsharpyuv-*")]
    if len(bundled) == 3:
        links, words = [*map(str, bundled), f"-Wl,-rpath,{BUNDLED}"], "the libraries that Pillow brings"
    else:
        links = ["-ljpeg", "-lwebp"]
        words = f"the system's {ctypes.util.find_library('jpeg')} and {ctypes.util.find_library('webp')}"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [compiler, "-O2", "-o", program, SOURCE, *links], capture_output=True, text=True, check=False
    )
    return (program, words) if done.returncode == 0 else (None, f"it does not compile: {done.stderr[:300]}")


@dataclass
class Floor:
    """A Runner whose processor time is the sum of one decode, at the engine's scale, and of every encoding.

    The pixels to encode are the naive engine's, made once for each photo and set.
    """

    stdin: IO[str]
    stdout: IO[str]
    folder: Path
    steps: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def make(self, path: Path, wanted: Sequence[Wanted]) -> dict[str, Any]:
        """See race.Runner."""
        key = str(path), str(wanted)
        if key not in self.steps:
            self.steps[key] = self._steps(path, wanted, len(self.steps))
        seconds = sum(map(self._ask, self.steps[key]))
        return {"cpu": seconds, "wall": seconds}

    def _ask(self, line: str) -> float:
        self.stdin.write(line + "\n")
        self.stdin.flush()
        return float(self.stdout.readline())

    def _steps(self, path: Path, wanted: Sequence[Wanted], number: int) -> list[str]:
        body = path.read_bytes()
        lines = [f"decode {path} {scale(body, wanted)}"]
        for one in wanted:
            picture, raw = naive_picture(body, one), self.folder / f"{number}-{one['name']}.raw"
            raw.write_bytes(picture.tobytes())
            more = one["method"] if one["format"] == "webp" else len(picture.getbands())
            lines.append(f"{one['format']} {raw} {picture.width} {picture.height} {more} {one['quality']}")
        return lines


def scale(body: bytes, wanted: Sequence[Wanted]) -> int:
    """The scale at which the engine decodes this photo for these variants."""
    limits = Limits()
    variants = tuple(msgspec.convert(recipe(tuple(wanted)), ImageRecipe).resolved())
    return plan.make_plan(header.read(body, limits), variants, limits).scale


@contextmanager
def started(program: Path) -> Iterator[Floor]:
    """The program running, with a folder for its pixels; both end with the block."""
    with TemporaryDirectory() as folder:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen([program], text=True, **pipes) as running:
            yield Floor(running.stdin, running.stdout, Path(folder))
            running.stdin.close()
