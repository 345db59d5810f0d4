"""What a deployment changes, as a diff: the same text on a terminal, in colours, and in a pipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import click

from batchkit.cli.output import one_line

if TYPE_CHECKING:
    from batchkit.deploy.preview import FilePreview, StackPreview
    from batchkit.planning.stack_changes import Change, Difference, ParameterChange

# What stands before each verb, and its colour.
SIGNS = {
    "add": ("+", "green"),
    "import": ("&", "cyan"),
    "change": ("~", "yellow"),
    "replace": ("-/+", "red"),
    "replace?": ("-/+?", "red"),
    "remove": ("-", "red"),
    "keep": ("=", "cyan"),
}

VERDICTS = {
    "create": "is created",
    "unchanged": "stays as it is",
    "update": "changes",
    "recreate": "is deleted and created again: its creation had failed",
    "await": "changes as soon as what it needs of earlier stacks is known",
    "delete": "is deleted",
    "resume": "has a failed rollback, which is continued first; what changes is known after that",
}

MAX_VALUE = 70


def print_previews(stacks: Sequence[StackPreview], files: Sequence[FilePreview]) -> None:
    """All stacks with their changes, then the files that are not there yet."""
    for preview in stacks:
        for line in _stack(preview):
            click.echo(line)
    new = [one for one in files if not one.is_there]
    if new:
        click.secho("files", bold=True)
        for one in new:
            click.echo(f"  {click.style('+', fg='green')} {one.file}")
    if any(preview.verdict == "create" for preview in stacks):
        click.echo(
            "\nA new stack is shown as its template has it; CloudFormation checks it when it is created."
        )
    for change in (change for preview in stacks for change in preview.changes if change.loses_data):
        click.secho(f"\n{change.logical_id} ({change.kind}) {_loss(change)}", fg="red", bold=True)


def summary(changes: Iterable[Change]) -> str:
    """`2 to add, 1 to replace`"""
    counts = Counter(change.verb for change in changes)
    return ", ".join(f"{counts[verb]} to {verb.rstrip('?')}" for verb in SIGNS if counts[verb])


def _loss(change: Change) -> str:
    verb = {"remove": "is removed", "replace": "is replaced"}.get(change.verb, "may be replaced")
    return f"{verb}: what it holds is lost"


def _stack(preview: StackPreview) -> Iterator[str]:
    counts = summary(preview.changes)
    what = VERDICTS[preview.verdict]
    if preview.verdict == "update" and not preview.changes:
        what += ": outputs or tags only"
    yield (
        click.style(f"stack {preview.stack.name}", bold=True) + f" {what}" + (f": {counts}" if counts else "")
    )
    for parameter in preview.parameters:
        yield "  " + click.style("parameter ", dim=True) + _parameter(parameter)
    width = max((len(change.logical_id) for change in preview.changes), default=0)
    for change in sorted(preview.changes, key=lambda one: list(SIGNS).index(one.verb)):
        yield from _change(change, width)


def _parameter(parameter: ParameterChange) -> str:
    return f"{parameter.name}: {_arrow(parameter.before, parameter.after)}"


def _change(change: Change, width: int) -> Iterator[str]:
    sign, colour = SIGNS[change.verb]
    words = {"replace": "  is replaced", "replace?": "  may be replaced", "keep": "  is left, unmanaged"}
    told = click.style(words.get(change.verb, ""), fg=colour, bold=True)
    yield f"  {click.style(sign, fg=colour)} {change.logical_id:<{width}}  {change.kind}{told}".rstrip()
    for difference in change.differences:
        yield f"      {_difference(difference, certain=change.verb == 'replace')}"


def _difference(difference: Difference, *, certain: bool) -> str:
    words = "  (replaces it)" if certain else "  (may replace it)"
    mark = click.style(words, fg="red") if difference.recreates else ""
    if difference.before is None and difference.after is None:
        return f"{difference.path}: follows what it refers to{mark}"
    return f"{difference.path}: {_arrow(difference.before, difference.after)}{mark}"


def _arrow(before: str | None, after: str | None) -> str:
    """`2048 -> 4096`; of two long values, what differs."""
    if before is not None and after is not None:
        before, after = _around(before, after)
    return f"{_value(before)} -> {_value(after)}"


def _around(before: str, after: str) -> tuple[str, str]:
    """Without most of what two long values begin with in common."""
    if max(len(before), len(after)) <= MAX_VALUE:
        return before, after
    pairs = zip(before, after, strict=False)
    start = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - 20)
    return (f"…{before[start:]}", f"…{after[start:]}") if start else (before, after)


def _value(value: str | None) -> str:
    if value is None:
        return "(none)"
    text = one_line(value)
    return (text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…") or '""'
