"""Where things are kept, from the functions that name them and the types that are written."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator

from batchkit.planning import names, records
from batchkit.planning.names import Key
from batchkit.planning.states import Counts
from docs.writers.markdown import cell, code, document, prose, table
from docs.writers.templates import resources

RUN = "b-20261124t163455-36d027f0"
DIGEST = "2c26b46b68ff"

INTRODUCTION = """\
The ledger is one DynamoDB table, PROJECT-ledger: what became of every item, child and run. Every write is
conditional, and only moves a record forward: `version` orders all writers of an item
([why](../decisions/0003-ledger-as-maximum.md)). Times are epoch seconds. Commands read it for you
(`batchkit status`, `results`, `report`); a program of yours may read it, and must not write it. Keys are
those of an example: the run `b-20261124t163455-36d027f0`, the source `holiday/beach.jpg`."""

BESIDE = """\
A record has its type's fields, `pk`, `sk`, and what its writers compare, such as `version`. Records without a
type, and what a run's record has beside its end (its submission, its cost), are batchkit's own business."""

BUCKETS = """\
## Objects

What lies in the artifacts bucket (PROJECT-ACCOUNT-REGION) and, below `_gallery/`, in the output bucket."""

# A record of the ledger: what it is, its key, the type that is written.
RECORDS = (
    ("an item", names.item_record("photos-originals", "holiday/beach.jpg", "thumb"), records.Item),
    ("a run", names.run_record(RUN), records.RunEnd),
    ("the end of one of its array jobs", names.array_record(RUN, 0), records.ArrayEnd),
    ("one of its array jobs, as submitted", names.job_record(RUN, 0), None),
    ("a run that does again what went wrong in it", names.retry_record(RUN, "b-20261125t0…"), None),
    ("a child's report", names.report_record(RUN, 7, 1583), records.Report),
    ("what AWS Batch says of a child that failed", names.report_record(RUN, 7, 1583), records.ChildFailure),
    ("which run a command that broke off had begun", names.intent_record(DIGEST), None),
)

# What the functions of `names` are called with here.
ARGUMENTS = {
    "digest": DIGEST,
    "run": RUN,
    "suffix": "html",
    "name": "index.html",
    "part": "3f",
    "source": "abc0f4e2",
}


def page() -> str:
    types = dict.fromkeys(kind for _, _, kind in RECORDS if kind is not None)
    return document(
        "The ledger",
        INTRODUCTION,
        "## Records",
        table(("record", "`pk`", "`sk`", "fields"), (_record(*one) for one in RECORDS)),
        BESIDE,
        *_indexes(),
        *(part for kind in (*types, *_parts()) for part in _type(kind)),
        BUCKETS,
        table(("key", "what it is"), _objects()),
    )


def _record(what: str, key: Key, kind: type | None) -> tuple[str, str, str, str]:
    fields = f"[{kind.__name__}](#{kind.__name__.lower()})" if kind else ""
    return what, code(key.pk), code(key.sk), fields


def _indexes() -> Iterator[str]:
    """The indexes of the table in the template."""
    ((_path, _name, resource),) = resources("AWS::DynamoDB::Table")
    for index in resource["Properties"]["GlobalSecondaryIndexes"]:
        keys = ", ".join(code(key["AttributeName"]) for key in index["KeySchema"])
        bad, runs = names.bad_partition(RUN), names.runs_partition("bulk")
        yield (
            f"The index {code(index['IndexName'])} (by {keys}) holds the rejected and failed items of a run, "
            f"below {code(bad)}, and the runs of a lane by their start, below {code(runs)}; nothing else."
        )


def _parts() -> tuple[type, ...]:
    """The types inside the records."""
    return (records.ErrorGroup, records.SlowItem, Counts)


def _type(kind: type) -> Iterator[str]:
    yield f"### {kind.__name__}"
    yield prose(kind.__doc__)
    yield table(("field", "type"), ((code(f.name), _annotation(f.type)) for f in dataclasses.fields(kind)))


def _annotation(annotation: object) -> str:
    return code(annotation)


def _objects() -> Iterator[tuple[str, str]]:
    """Every object whose key `names` makes: its docstring begins with its bucket."""
    for function in vars(names).values():
        text = inspect.getdoc(function) or ""
        if inspect.isfunction(function) and re.match(r"(Artifacts|Output) bucket: ", text):
            given = (ARGUMENTS[name] for name in inspect.signature(function).parameters)
            yield code(function(*given)), cell(text)
