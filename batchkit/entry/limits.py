"""How much memory this process may use: what its job definition says, and what the kernel enforces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError
from batchkit.planning.resources import MEMORY_VARIABLE, MIB

if TYPE_CHECKING:
    from collections.abc import Mapping

CGROUPS = Path("/sys/fs/cgroup")
# Control groups of version 2 and of version 1 (kernel documentation, cgroup-v2 and cgroup-v1/memory).
FILES = ("memory.max", "memory/memory.limit_in_bytes")


def memory(environ: Mapping[str, str], cgroups: Path = CGROUPS) -> int | None:
    """Bytes: the least of all limits; None where there is none. Raises ConfigError."""
    found = [_enforced(cgroups / name) for name in FILES]
    return min((limit for limit in (_defined(environ), *found) if limit is not None), default=None)


def _defined(environ: Mapping[str, str]) -> int | None:
    value = environ.get(MEMORY_VARIABLE, "")
    if not value:
        return None
    if not value.isdecimal() or int(value) == 0:
        raise ConfigError(
            f"{MEMORY_VARIABLE} is not a number", found=repr(value), expected="MiB, as in the job definition"
        )
    return int(value) * MIB


def _enforced(file: Path) -> int | None:
    """None for no such file, and for 'max'. Version 1 writes a number beyond all machines instead."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() and int(text) < 2**60 else None
