"""The engines that are command lines: one process for each variant, as scripts do it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Command = Callable[[Path, dict[str, Any], Path], list[str]]


def vipsthumbnail(path: Path, one: dict[str, Any], out: Path) -> list[str]:
    """It can neither turn gray nor sharpen: that variant it makes in colour, which is in its favour."""
    options = f"Q={one['quality']},strip" + (f",effort={one['method']}" if one["format"] == "webp" else "")
    size = f"{one['width']}x{one['height']}" if one["height"] else f"{one['width']}x"
    crop = ["--smartcrop", "centre"] if one["height"] else []
    return ["vipsthumbnail", str(path), "--size", size, *crop, "-o", f"{out}[{options}]"]


def imagemagick(path: Path, one: dict[str, Any], out: Path) -> list[str]:
    """With the hint that lets libjpeg scale, to twice the size."""
    width, height = one["width"], one["height"]
    size = (
        [f"{width}x{height}^", "-gravity", "center", "-extent", f"{width}x{height}"]
        if height
        else [f"{width}x"]
    )
    gray = ["-colorspace", "Gray", "-sharpen", "0x1"] if one["gray"] else []
    coder = (
        ["-define", f"webp:method={one['method']}"]
        if one["format"] == "webp"
        else ["-sampling-factor", "4:2:0"]
    )
    return [
        *(_magick() or "convert", "-define", f"jpeg:size={2 * width}x{2 * width}", str(path), "-auto-orient"),
        *("-resize", *size, *gray, "-strip", "-quality", str(one["quality"]), *coder, str(out)),
    ]


def _run(command: Command) -> Callable[[Path, Any], dict[str, bytes]]:
    def make(path: Path, wanted: Any) -> dict[str, bytes]:
        made = {}
        with TemporaryDirectory() as folder:
            for one in wanted:
                out = Path(folder, f"{one['name']}.{one['format']}")
                subprocess.run(command(path, one, out), check=True, capture_output=True)
                made[one["name"]] = out.read_bytes()
        return made

    return make


def _magick() -> str | None:
    """ImageMagick 7's program, or 6's as Debian calls it; another program may be called `convert`."""
    return next((found for name in ("magick", "convert-im6.q16") if (found := shutil.which(name))), None)


def is_installed(name: str) -> bool:
    """Whether the program is there."""
    return bool(_magick() if name == "imagemagick" else shutil.which(name))


PROGRAMS = {"vipsthumbnail": _run(vipsthumbnail), "imagemagick": _run(imagemagick)}
