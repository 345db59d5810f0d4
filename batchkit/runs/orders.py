"""What a schedule orders: the JSON text that travels as a parameter of the operations job.

{"do": "sweep"}    {"do": "submit", "source": "s3://photos-originals/2024/", "changed_only": true}

or, from a rule, whose input transformer cannot write JSON into JSON:

report b-20261124t030000-1f2e3d4c
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from batchkit.errors import ConfigError
from batchkit.planning.selection import Selection
from batchkit.planning.source_spec import Prefix, parse_spec
from batchkit.project import Project
from batchkit.runs import sweep
from batchkit.runs.requests import Request
from batchkit.typed import decode

# AWS Batch takes 8,192 characters of overrides, of which command and environment are only a part.
MAX_CHARACTERS = 4096

_REPORT = re.compile(r"report (b-[a-z0-9-]{1,60})")

Globs = tuple[Annotated[str, Meta(min_length=1)], ...]


class Order(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"
):
    """What to do; a run that would cost more than `max_cost` USD is refused."""

    max_cost: Annotated[float, Meta(ge=0)] | None = None

    @property
    def text(self) -> str:
        """The order as JSON; what `parse` reads."""
        return msgspec.json.encode(self).decode()


class Sweep(Order, frozen=True, kw_only=True, tag="sweep"):
    """Make what is missing or stale."""

    def __str__(self) -> str:
        return "sweep"


class Submit(Order, frozen=True, kw_only=True, tag="submit"):
    """Make all tasks of the objects below a prefix; sizes in bytes."""

    source: Annotated[str, Meta(min_length=1)]
    changed_only: bool = False
    include: Globs = ()
    exclude: Globs = ()
    min_bytes: Annotated[int, Meta(ge=0)] | None = None
    max_bytes: Annotated[int, Meta(ge=0)] | None = None
    limit: Annotated[int, Meta(ge=1)] | None = None

    def __str__(self) -> str:
        return f"submit {self.source}"


@dataclass(frozen=True)
class Report:
    """Write the page of a bulk run that has ended."""

    run: str

    def __str__(self) -> str:
        return f"report {self.run}"


def parse(text: str) -> Sweep | Submit | Report:
    """The order of a text. Raises ConfigError."""
    if short := _REPORT.fullmatch(text):
        return Report(short[1])
    try:
        document: Any = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigError("the order is not JSON", found=text, expected='such as {"do": "sweep"}') from error
    return decode(document, Sweep | Submit, "order")  # type: ignore[arg-type]  # a union is no class


def request(order: Sweep | Submit, project: Project) -> Request:
    """What is asked of the bulk lane. Raises ConfigError for a source that operations may not read."""
    if isinstance(order, Sweep):
        return sweep.request(project)
    spec = parse_spec(order.source)
    if not isinstance(spec, Prefix) or spec.bucket != project.upload.bucket:
        raise ConfigError(
            "a schedule cannot submit this source",
            found=order.source,
            expected=f"s3://{project.upload.bucket}/prefix: scheduled runs read the project's own bucket",
        )
    selection = Selection(
        include=order.include,
        exclude=order.exclude,
        min_bytes=order.min_bytes,
        max_bytes=order.max_bytes,
        limit=order.limit,
    )
    return Request(source=order.source, spec=spec, selection=selection, changed_only=order.changed_only)
