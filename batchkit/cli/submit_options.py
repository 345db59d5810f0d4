"""The options of `batchkit submit`, and the request that they make."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from batchkit.cli.output import is_terminal
from batchkit.cli.parameters import DATE, FILE, PRICE, SECONDS, SHARE, SIZE, TOLERATED, USD
from batchkit.errors import ConfigError
from batchkit.planning.selection import Selection
from batchkit.planning.sizing import SECONDS_PER_CHILD, FanOut
from batchkit.planning.source_spec import STDIN, KeyFile, parse_spec
from batchkit.runs.bulk import Bulk
from batchkit.runs.measured import MAX_ERROR_RATE
from batchkit.runs.requests import Request

F = TypeVar("F", bound=Callable[..., Any])


_SOURCES = (
    click.option("--manifest", "-m", metavar="FILE", help="Keys or JSON Lines; - reads standard input."),
    click.option("--bucket", help="The bucket of bare keys; without it, the one of [upload]."),
    click.option(
        "--changed-only",
        is_flag=True,
        help="Leave out what the ledger or the output shows as fresh.",
    ),
    click.option("--include", multiple=True, metavar="GLOB", help="Only keys that fit one of these."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="No keys that fit one of these."),
    click.option("--min-size", type=SIZE, help="Only objects at least that large, such as 10kB."),
    click.option("--max-size", type=SIZE, help="Only objects at most that large, such as 20MB."),
    click.option("--since", type=DATE, help="Only objects modified then or later, such as 2026-01-31."),
    click.option("--until", type=DATE, help="Only objects modified before."),
    click.option("--limit", type=click.IntRange(1), help="At most so many sources, of those left to do."),
    click.option("--sample", type=SHARE, default=1.0, help="Only a share of the sources, such as 1%."),
)
_PLAN = (
    click.option(
        "--fan-out",
        type=click.Choice(["source", "task"]),
        default="source",
        show_default=True,
        help="A child makes all tasks of its sources, or one task of one source.",
    ),
    click.option(
        "--seconds-per-child",
        type=SECONDS,
        default=SECONDS_PER_CHILD,
        show_default=True,
        help="How long a child shall work.",
    ),
    click.option("--price", "prices", multiple=True, type=PRICE, help="A price of your own; repeatable."),
    click.option("--max-cost", type=USD, help="Refuse a run that costs more."),
    click.option("--dry-run", is_flag=True, help="Print the plan and the steps, and change nothing."),
    click.option("--save", type=FILE, help="Keep the plan in a file, to submit it later."),
    click.option("--plan", "plan_file", type=FILE, help="Submit a plan that --save kept."),
)
_SUBMIT = (
    click.option("--canary", type=SHARE, help="Run a sample such as 0.5% first, then plan the rest by it."),
    click.option(
        "--max-error-rate",
        type=SHARE,
        default=MAX_ERROR_RATE,
        show_default=True,
        help="The share of a canary's items that may go wrong.",
    ),
    click.option(
        "--max-bad",
        type=TOLERATED,
        help="The share of bad items above which the run is FAILED; without it, the one of [bulk].",
    ),
    click.option("--wait", is_flag=True, help="Show progress until the run has ended."),
    click.option("--again", is_flag=True, help="Begin a new run even if the same command's is not over."),
    click.option("--yes", "-y", is_flag=True, help="Do not ask."),
)

# What has a meaning beside --plan.
BESIDE_PLAN = frozenset({"plan_file", "max_cost", "dry_run", "wait", "yes", "config", "output"})

# Parameters that are not called like their options.
NAMES = {"prices": "price"}


def submit_options(command: F) -> F:
    """All options of `batchkit submit` but --config and --output."""
    for option in reversed((*_SOURCES, *_PLAN, *_SUBMIT)):
        command = option(command)
    return command


def typed(context: click.Context) -> frozenset[str]:
    """The names of the parameters that stand on the command line."""
    line = click.core.ParameterSource.COMMANDLINE
    return frozenset(name for name in context.params if context.get_parameter_source(name) is line)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What was chosen on the command line; sizes in bytes, dates in epoch seconds, shares of 0 to 1."""

    source: str | None
    manifest: str | None
    bucket: str | None
    changed_only: bool
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    min_size: int | None
    max_size: int | None
    since: int | None
    until: int | None
    limit: int | None
    sample: float
    fan_out: FanOut
    seconds_per_child: float
    prices: tuple[tuple[str, float], ...]
    max_cost: float | None
    dry_run: bool
    save: Path | None
    plan_file: Path | None
    canary: float | None
    max_error_rate: float
    max_bad: float | None
    wait: bool
    again: bool
    yes: bool

    def __post_init__(self) -> None:
        named = [self.source, self.manifest, self.plan_file]
        if sum(one is not None for one in named) != 1:
            raise click.UsageError("give one of SOURCE, --manifest and --plan")
        if self.canary is not None and (self.plan_file or self.save):
            raise click.UsageError("--canary plans while it runs: leave out --save and --plan")

        _check_order("--min-size", self.min_size, "--max-size", self.max_size)
        # The latter is exclusive.
        _check_order("--since", self.since, "--until", self.until and self.until - 1)

    def check_alone(self, typed: Collection[str]) -> None:
        """Raises UsageError when one of the options that were `typed` would have no effect."""
        if self.plan_file is not None and (idle := sorted(set(typed) - BESIDE_PLAN)):
            named = ", ".join("--" + NAMES.get(name, name).replace("_", "-") for name in idle)
            raise click.UsageError(f"--plan submits what was planned: leave out {named}")
        if self.canary is None and "max_error_rate" in typed:
            raise click.UsageError("--max-error-rate is about a canary: give --canary, or leave it out")

    @property
    def text(self) -> str:
        """What the sources come from, as it was written."""
        named = self.source if self.source is not None else self.manifest
        return named if named is not None else str(self.plan_file)

    def request(self, bulk: Bulk, folder: Path) -> Request:
        """What is asked for; standard input is kept in `folder`.

        Raises ConfigError for an impossible source.
        """
        bucket = self.bucket or bulk.project.upload.bucket
        is_file = self.manifest is not None
        spec = KeyFile(self.text, bucket) if is_file else parse_spec(self.text, bucket)
        return Request(
            source=self.text,
            spec=spec,
            selection=self._selection(),
            changed_only=self.changed_only,
            fan_out=self.fan_out,
            seconds_per_child=self.seconds_per_child,
            prices=bulk.prices(dict(self.prices)),
            max_bad=self.max_bad,
            keys=_keys(spec, folder) if isinstance(spec, KeyFile) else None,
        )

    def _selection(self) -> Selection:
        return Selection(
            include=self.include,
            exclude=self.exclude,
            min_bytes=self.min_size,
            max_bytes=self.max_size,
            since=self.since,
            until=self.until,
            share=self.sample,
            limit=self.limit,
        )


def _check_order(low: str, least: int | None, high: str, most: int | None) -> None:
    if least is not None and most is not None and least > most:
        raise click.UsageError(f"no object is above {low} and below {high}: give them the other way round")


def _keys(spec: KeyFile, folder: Path) -> Path:
    """The file of keys; standard input can be read only once, and a canary reads it twice."""
    if spec.path != STDIN:
        return _file_of_keys(Path(spec.path))
    if sys.stdin is None:
        raise ConfigError("there is no standard input to read keys from", expected="keys, or JSON Lines")
    if is_terminal(sys.stdin):
        click.echo("reading keys from the terminal, one a line; Ctrl-D ends them", err=True)
    path = folder / "keys"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def _file_of_keys(path: Path) -> Path:
    if path.is_dir():
        raise ConfigError(
            "a folder is no file of keys", found=str(path), expected="a file with a key on each line, or -"
        )
    if not path.is_file():
        raise ConfigError(
            "there is no such file of keys",
            found=str(path),
            expected="a file, s3://bucket/prefix, or - for standard input",
        )
    return path
