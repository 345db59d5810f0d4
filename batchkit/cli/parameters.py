"""What stands behind an option: text that is read as money, a size, a date, a share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from batchkit.errors import ConfigError
from batchkit.planning.prices import overridden
from batchkit.planning.selection import parse_moment, parse_share
from batchkit.project.sizes import Size


class Parsed(click.ParamType[Any]):
    """Text that `parse` reads; what it raises for wrong text becomes a wrong command line."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except (ConfigError, ValueError) as error:
            self.fail(f"{value!r}: {str(error).replace(chr(10), ';')}", param, ctx)


def price(text: str) -> tuple[str, float]:
    """`s3-put=0.000005` as a name and USD. Raises ValueError or ConfigError."""
    name, _, amount = text.partition("=")
    overridden({name: float(amount)})
    return name, float(amount)


def tolerated(text: str) -> float:
    """A share as `parse_share` reads it, or 0: nothing may go wrong. Raises ConfigError."""
    return 0.0 if text.removesuffix("%") == "0" else parse_share(text)


def finite(least: float) -> Callable[[str], float]:
    """A reader of numbers from `least` up; "nan" and "inf" bound nothing."""

    def parse(text: str) -> float:
        number = float(text)
        if not (math.isfinite(number) and number >= least):
            raise ValueError(f"expected a number, {least:g} or more")
        return number

    return parse


USD = Parsed("USD", finite(0))
SECONDS = Parsed("SECONDS", finite(1))
SIZE = Parsed("SIZE", Size.parse)
DATE = Parsed("DATE", parse_moment)
SHARE = Parsed("SHARE", parse_share)
TOLERATED = Parsed("SHARE", tolerated)
PRICE = Parsed("NAME=USD", price)
FILE = click.Path(dir_okay=False, path_type=Path)
