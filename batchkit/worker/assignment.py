"""What a child is told: its command line and its environment, checked and typed.

Nothing else in the worker reads either. The commands are those of the two job definitions:

    upload RECIPE BUCKET KEY ETAG SIZE SEQUENCER TIME                 (TIME as in the event, ISO 8601)
    bulk RUN RECIPE SOURCES PER_CHILD FIRST_CHILD TIME                (TIME in epoch seconds)

An upload's key comes from whoever put the object, through a rule that does not escape it: it may name
another object. So the source must be one that the project accepts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from batchkit.errors import ConfigError, DataError
from batchkit.planning import metrics, names
from batchkit.planning.manifest import Source
from batchkit.planning.outputs import check_template
from batchkit.planning.shards import Shape, Slice
from batchkit.planning.sizing import lanes
from batchkit.planning.states import bulk_order, upload_order
from batchkit.planning.uploads import VARIABLE, UploadRules, accepts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Lane = Literal["upload", "bulk"]

UPLOAD = ("recipe", "bucket", "key", "etag", "size", "sequencer", "time")
BULK = ("run", "recipe", "sources", "per_child", "first_child", "time")

# The largest array and the largest run stay far below; a longer number is not a number of ours.
_NUMBER = re.compile(r"[0-9]{1,15}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Assignment:
    """The part of a run that one child does.

    `child` counts through all arrays of the run. `time` (epoch seconds) is the upload event's or the
    run's; `order` orders the runs that touch one item. `upload` is the only source of an upload, None
    where the sources are in the run's manifest.
    """

    lane: Lane
    run: str
    recipe: str
    child: int
    attempt: int
    time: int
    order: str
    sources: int
    per_child: int
    upload: Source | None = None

    def shape(self, tasks: int) -> Shape:
        """The size of the whole run, whose recipe has `tasks`."""
        return Shape(sources=self.sources, tasks=tasks, per_child=self.per_child)

    def slices(self, tasks: int) -> Iterator[Slice]:
        """The child's tasks of each of its sources; nothing for a child beyond the last item."""
        return self.shape(tasks).slices(self.child)


@dataclass(frozen=True)
class Place:
    """Where the project's things are: the ledger's table, the buckets, the template of output keys.

    `max_bytes` is the largest source that a child reads into memory, 0 for no limit. `lanes` sources are made
    at the same time: as many as the child has processors. `metrics`: whether the project pays for metrics.
    """

    project: str
    ledger: str
    artifacts: str
    bucket: str
    template: str
    max_bytes: int = 0
    lanes: int = 1
    metrics: bool = False


def read_place(environ: Mapping[str, str]) -> Place:
    """Raises ConfigError naming the missing variable."""
    place = Place(
        project=variable(environ, "BATCHKIT_PROJECT"),
        ledger=variable(environ, "BATCHKIT_LEDGER"),
        artifacts=variable(environ, "BATCHKIT_ARTIFACTS"),
        bucket=variable(environ, "BATCHKIT_OUTPUT_BUCKET"),
        template=variable(environ, "BATCHKIT_OUTPUT_KEY"),
        max_bytes=_counter(environ, "BATCHKIT_MAX_BYTES", 0),
        lanes=_lanes(environ),
        metrics=metrics.is_enabled(environ),
    )
    check_template(place.template)
    return place


def read_assignment(argv: Sequence[str], environ: Mapping[str, str]) -> Assignment:
    """Raises ConfigError for a command that no job definition has, and for an upload without rules;
    DataError for impossible values, and for an upload that the rules do not accept."""
    lane, *values = argv or [""]
    index = _counter(environ, "AWS_BATCH_JOB_ARRAY_INDEX", 0)
    attempt = _counter(environ, "AWS_BATCH_JOB_ATTEMPT", 1)
    if lane == "upload":
        found = _upload(_named(UPLOAD, values), index, attempt)
        _check_accepted(found.upload, UploadRules.from_json(variable(environ, VARIABLE)))
        return found
    if lane == "bulk":
        return _bulk(_named(BULK, values), index, attempt)
    raise ConfigError(
        "the worker does not know this command",
        found=repr(lane),
        expected="'upload' or 'bulk' as the first argument",
        fix="deploy again: the job definition is not one of this version's",
    )


def _upload(values: Mapping[str, str], index: int, attempt: int) -> Assignment:
    recipe, bucket, key = _digest(values), _text(values, "bucket"), _text(values, "key")
    etag, sequencer, time = values["etag"].strip('"'), values["sequencer"], _iso(values)
    return Assignment(
        lane="upload",
        run=names.upload_run(recipe, bucket, key, etag, sequencer),
        recipe=recipe,
        child=index,
        attempt=attempt,
        time=time,
        order=upload_order(time, sequencer),
        sources=1,
        per_child=1,
        upload=Source(bucket=bucket, key=key, etag=etag, size=_number(values, "size")),
    )


def _check_accepted(upload: Source | None, rules: UploadRules) -> None:
    if upload is None or accepts(rules, upload.bucket, upload.key):
        return
    raise DataError(
        "the job's source is not an upload that the project accepts",
        found=f"s3://{upload.bucket}/{upload.key}",
        expected=f"s3://{rules.bucket}/{rules.prefix}… ending in {', '.join(rules.suffixes)},"
        " without quotation marks and backslashes",
        fix="rename the object; or change [upload] and deploy again, if it should be accepted",
    )


def _bulk(values: Mapping[str, str], index: int, attempt: int) -> Assignment:
    time = _number(values, "time")
    per_child = _number(values, "per_child")
    if not per_child:
        raise _impossible("per_child", values["per_child"], "at least 1")
    return Assignment(
        lane="bulk",
        run=_matching(values, "run", _RUN, "letters, digits, '.', '-' and '_'"),
        recipe=_digest(values),
        child=_number(values, "first_child") + index,
        attempt=attempt,
        time=time,
        order=bulk_order(time),
        sources=_number(values, "sources"),
        per_child=per_child,
    )


def _named(expected: Sequence[str], values: Sequence[str]) -> Mapping[str, str]:
    if len(values) != len(expected):
        raise ConfigError(
            "the worker's command has the wrong number of arguments",
            found=f"{len(values)} after the first",
            expected=" ".join(name.upper() for name in expected),
            fix="deploy again: the job definition is not one of this version's",
        )
    found = dict(zip(expected, values, strict=True))
    for name, value in found.items():
        # What Batch leaves of a parameter that nobody gave. A key may really be called like that.
        if value == f"Ref::{name}" and name != "key":
            raise ConfigError(
                f"the job was submitted without the parameter '{name}'",
                found=value,
                expected="a value",
                fix="deploy again: rule and job definition do not fit",
            )
    return found


def variable(environ: Mapping[str, str], name: str) -> str:
    """The value of a variable of the job definition's. Raises ConfigError naming it when it is missing."""
    value = environ.get(name, "")
    if not value:
        raise ConfigError(
            f"the environment variable {name} is missing",
            found="nothing" if name not in environ else "an empty value",
            expected="the value that the job definition gives",
            fix="deploy again, or set it",
        )
    return value


def _lanes(environ: Mapping[str, str]) -> int:
    """One for each vCPU of the job. Not the processors that the host shows: on EC2 those are all of its."""
    text = environ.get("BATCHKIT_VCPUS") or "1"
    try:
        return lanes(float(text))
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            "BATCHKIT_VCPUS is not a number", found=repr(text), expected="a number such as 2 or 0.5"
        ) from error


def _counter(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    if not _NUMBER.fullmatch(value):
        raise ConfigError(f"{name} is not a number", found=repr(value), expected="decimal digits")
    return int(value)


def _number(values: Mapping[str, str], name: str) -> int:
    return int(_matching(values, name, _NUMBER, "a decimal number"))


def _digest(values: Mapping[str, str]) -> str:
    return _matching(values, "recipe", _DIGEST, "64 hexadecimal digits")


def _matching(values: Mapping[str, str], name: str, pattern: re.Pattern[str], expected: str) -> str:
    if not pattern.fullmatch(values[name]):
        raise _impossible(name, values[name], expected)
    return values[name]


def _text(values: Mapping[str, str], name: str) -> str:
    value = values[name]
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _impossible(name, ascii(value), "UTF-8, as all names in S3 are") from error
    if not value:
        raise _impossible(name, "''", "a name")
    return value


def _iso(values: Mapping[str, str]) -> int:
    try:
        moment = datetime.fromisoformat(values["time"])
    except ValueError as error:
        raise _impossible("time", values["time"], "a time such as 2026-11-23T14:00:00Z") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _impossible(name: str, found: str, expected: str) -> DataError:
    return DataError(
        f"the job's parameter '{name}' is impossible",
        found=found,
        expected=expected,
        fix="submit the run again",
    )
