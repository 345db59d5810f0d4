"""Amounts of data as people write them.

An object's size has decimal units, as disks and file managers count ("200 MB" = 200,000,000 bytes),
and the binary ones under their own names ("200 MiB"). Memory follows Docker, Batch and Fargate, where
"2 GB" has always meant 2,048 MiB: its units are binary, however they are spelt.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_AMOUNT = re.compile(r"(?P<number>[0-9]{1,19}(\.[0-9]{1,9})?)\s*(?P<unit>[A-Za-z]*)")

_DECIMAL = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


class Size(int):
    """A number of bytes, at least 1: "200 MB", "512 MiB", or the plain number."""

    expected: ClassVar[str] = 'a size such as "200 MB" or "512 MiB", or a number of bytes'
    units: ClassVar[Mapping[str, int]] = {**_DECIMAL, **_BINARY}

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Raises ValueError for anything but a positive, whole amount."""
        if isinstance(value, int) and not isinstance(value, bool):
            amount = Decimal(value)
        elif isinstance(value, str):
            amount = _amount(value, cls.units)
        else:
            raise ValueError("neither text nor an integer")
        if amount != amount.to_integral_value():
            raise ValueError(f"not a whole number of {'MiB' if cls is Memory else 'bytes'}")
        if not 1 <= amount < 2**63:
            raise ValueError("too small" if amount < 1 else "too big")
        return cls(amount)

    @property
    def text(self) -> str:
        """The amount in the largest unit that needs no fraction; `parse` reads it back."""
        whole = {unit: factor for unit, factor in self.units.items() if not self % factor}
        unit = max(whole, key=whole.__getitem__)
        return f"{self // whole[unit]} {unit}"


class Memory(Size):
    """A number of MiB, as Batch counts memory: "2 GB", "512 MB", or the plain number."""

    expected: ClassVar[str] = 'an amount such as "2 GB" or "512 MB" (1 GB is 1,024 MiB), or a number of MiB'
    units: ClassVar[Mapping[str, int]] = {"MB": 1, "MiB": 1, "GB": 2**10, "GiB": 2**10}


def _amount(text: str, units: Mapping[str, int]) -> Decimal:
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        raise ValueError("not a number with a unit")
    by_name = {unit.lower(): factor for unit, factor in units.items()}
    factor = by_name.get(match["unit"].lower())
    if factor is None:
        raise ValueError(
            f"{'no unit' if not match['unit'] else 'unknown unit'}; known are {', '.join(units)}"
        )
    return Decimal(match["number"]) * factor
