"""Exit codes, from the errors that bring them and the job definition that answers them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import click

from batchkit import errors
from batchkit.cli.main import INTERRUPTED, UNREAD
from docs.writers.markdown import code, codes, document, prose, table
from docs.writers.templates import resources

INTRODUCTION = """\
All commands and the worker end with the same codes, after sysexits(3). Errors go to standard error: what
was found, what was expected, what to do."""

RETRIES = """\
## What AWS Batch makes of an end

The first line that fits decides, for a child of either lane; a job has {attempts} attempts in all."""

_OUTSIDE = {
    errors.EX_OK: "done; of a child: every item of its shard has an outcome in the ledger",
    click.UsageError.exit_code: "the command line is wrong",
    INTERRUPTED: "Ctrl-C; `batchkit local up`, whose usual end it is, exits 0",
    UNREAD: "nobody reads the output any more, as in `batchkit runs | head`",
}

_NAMES = {"OnStatusReason": "status reason", "OnReason": "reason of the container", "OnExitCode": "exit code"}


def page() -> str:
    strategy = _strategy()
    ends = RETRIES.format(attempts=strategy["Attempts"])
    return document(
        "Exit codes",
        INTRODUCTION,
        table(("code", "error", "meaning"), sorted(_rows(), key=lambda row: int(row[0]))),
        ends,
        table(("if", "then"), _evaluations(strategy)),
    )


def _rows() -> Iterator[tuple[str, str, str]]:
    for number, meaning in _OUTSIDE.items():
        yield str(number), "", meaning
    for kind in vars(errors).values():
        if (
            inspect.isclass(kind)
            and issubclass(kind, errors.BatchkitError)
            and kind is not errors.BatchkitError
        ):
            yield str(kind.exit_code), code(kind.__name__), prose(kind.__doc__)


def _strategy() -> dict[str, Any]:
    """The retry strategy of the job definitions of both lanes, which is one."""
    found = [
        resource["Properties"]["RetryStrategy"]
        for path, name, resource in resources("AWS::Batch::JobDefinition")
        if path.name == "compute.yaml"
    ]
    first, *others = found
    if any(other != first for other in others):
        raise errors.InternalError("the lanes have different retry strategies", found=found)
    return dict(first)


def _evaluations(strategy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in strategy["EvaluateOnExit"]:
        conditions = {name: rule[key] for key, name in _NAMES.items() if key in rule}
        told = codes((f"{name}: {value}" for name, value in conditions.items()), " and ")
        yield told, {"RETRY": "the child is tried again", "EXIT": "it has failed"}[rule["Action"]]
