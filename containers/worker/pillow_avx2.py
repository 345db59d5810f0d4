"""Lets `PIL._imaging` be the module that avx2.py compiled, on processors that have AVX2.

Beside Pillow in the image's site-packages; `pillow_avx2.pth` calls `prefer` when Python starts, before
anything is imported. All else is Pillow's own, so on another processor Pillow runs as it came.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

NAME = "PIL._imaging"
MODULE = Path(__file__).parent / "PIL" / "_imaging_avx2.so"
# The flags stand in the first processor's part, which is far shorter; a machine may have hundreds.
READ = 16_384


def prefer(module: Path = MODULE, cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether Pillow will use `module`: it exists, and this processor can run it."""
    if not (module.exists() and has_avx2(cpuinfo)):
        return False
    sys.meta_path.insert(0, Finder(module))
    return True


def has_avx2(cpuinfo: Path) -> bool:
    """Whether the processor has it and the kernel lets it be used; False where nobody can tell."""
    try:
        with cpuinfo.open(encoding="ascii", errors="replace") as info:
            lines = info.read(READ).splitlines()
    except OSError:
        return False
    return any(line.startswith("flags") and "avx2" in line.split() for line in lines)


class Finder:
    """Finds one module only."""

    def __init__(self, module: Path) -> None:
        self._module = module

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Called by the import system (importlib.abc.MetaPathFinder)."""
        return spec_from_file_location(name, self._module) if name == NAME else None
