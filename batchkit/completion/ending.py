"""The report at the end of a bulk run, beside its manifest: JSON Lines for programs, CSV for a spreadsheet.

It is computed from the ledger and the plan alone: written again, it is the same.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from batchkit.completion.examples import child_name, first_key
from batchkit.completion.reading import items, mapping
from batchkit.planning import names
from batchkit.planning.cost import START_SECONDS, VCPU_HOUR, billed_seconds
from batchkit.planning.failures import remedy
from batchkit.planning.fingerprints import fingerprint
from batchkit.planning.sheets import cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from batchkit.aws.objects import Objects
    from batchkit.completion.tally import Tally
    from batchkit.planning.records import ErrorGroup, RunEnd
    from batchkit.planning.states import Counts

FORMAT = 1
EXAMPLE = ("failure_class", "fingerprint", "key", "message", "child", "log_stream", "fix")

Row = dict[str, Any]
FindKey = Callable[[int], str]


def write(objects: Objects, artifacts: str, end: RunEnd, tally: Tally) -> None:
    """Write both forms of the report."""
    stored = objects.get(artifacts, names.plan_key(end.run))
    plan = json.loads(stored.body) if stored else {}
    find_key = partial(first_key, objects, artifacts, end.run, plan)
    rows = tuple(report(end, tally, plan, find_key))
    for suffix, body, kind in (("jsonl", jsonl(rows), "application/jsonl"), ("csv", sheet(rows), "text/csv")):
        objects.put(artifacts, names.report_key(end.run, suffix), body.encode(), kind)


def report(
    end: RunEnd, tally: Tally, plan: Mapping[str, Any], find_key: FindKey = lambda child: ""
) -> Iterator[Row]:
    """The rows: `run`, `items`, `cost`, then an `error` for each fingerprint, the most frequent first.

    `find_key` says with which key a child was to begin: the example of items that nobody reported.
    Costs in USD, times in epoch seconds, durations in seconds.
    """
    yield {
        "kind": "run",
        "format": FORMAT,
        "run": end.run,
        "state": end.state.value,
        "source": end.source,
        "recipe": end.recipe,
        "sources": end.sources,
        "started": end.started,
        "stopped": end.stopped,
        "cancelled": end.cancelled,
        "cancel_reason": end.cancel_reason,
        "children_failed": end.dead,
        "retry": retry(end.run, end.counts),
    }
    yield {"kind": "items", **asdict(end.counts)}
    yield {"kind": "cost", **cost(end, tally, plan)}
    for group in tally.groups():
        known = group if group.key else replace(group, key=find_key(group.child))
        yield {"kind": "error", **error(known, plan, end.run)}


def retry(run: str, counts: Counts) -> str:
    """The command that does again what went wrong; rejected items only where nothing else did."""
    if counts.failed:
        return f"batchkit retry {run}"
    return f"batchkit retry {run} --only rejected" if counts.rejected else ""


def cost(end: RunEnd, tally: Tally, plan: Mapping[str, Any]) -> Row:
    """What was planned beside what was measured, by the plan's prices; starts and Fargate's minimum included.

    Compute by what the known attempts are billed, all else by the items. Empty members where the run had no
    plan.
    """
    lines = [line for line in items(mapping(plan, "cost"), "lines") if isinstance(line, dict)]
    compute = [line for line in lines if line.get("group") == "compute"]
    planned_hours = sum(line["quantity"] for line in compute if line["unit"] == VCPU_HOUR)
    planned = float(plan.get("billed", 0))
    measured = _billed(tally, plan)
    share = measured / planned if planned else 0.0
    done = min(tally.counts.items / plan["items"], 1.0) if plan.get("items") else 0.0
    return {
        "planned_usd": round(_usd(lines), 6),
        "measured_usd": round(_usd(compute) * share + (_usd(lines) - _usd(compute)) * done, 6),
        "planned_compute_usd": round(_usd(compute), 6),
        "measured_compute_usd": round(_usd(compute) * share, 6),
        "planned_vcpu_hours": round(planned_hours, 6),
        "measured_vcpu_hours": round(planned_hours * share, 6),
        "planned_billed_seconds": round(planned),
        "measured_billed_seconds": round(measured),
        "planned_seconds": plan.get("seconds"),
        "measured_seconds": max(end.stopped - end.started, 0),
        "children_reported": tally.children,
        "child_seconds": sum(seconds * number for seconds, number in tally.attempts.items()),
        "attempts_measured": tally.attempts.total(),
        "attempts_not_measured": tally.earlier,
    }


def _billed(tally: Tally, plan: Mapping[str, Any]) -> float:
    kind = plan.get("compute", "")
    if kind not in START_SECONDS:
        return 0.0
    return sum(billed_seconds(kind, seconds) * number for seconds, number in tally.attempts.items())


def error(group: ErrorGroup, plan: Mapping[str, Any], run: str) -> Row:
    """One kind of error: how often, of which class, an example (key, child `A:I`, log stream), what to do."""
    why = remedy(group.error_class, rejected=group.rejected)
    return {
        "count": group.count,
        "error_class": group.error_class,
        "failure_class": why.failure_class.value,
        "fingerprint": fingerprint(group.error_class, group.message),
        "key": group.key,
        "message": group.message,
        "child": child_name(plan, group.child),
        "log_stream": group.log_stream,
        "fix": why.advice(run),
    }


def jsonl(rows: Iterable[Row]) -> str:
    """A JSON document a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def sheet(rows: Iterable[Row]) -> str:
    """The same as a table: kind, name, value, and for errors class, fingerprint and example."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("kind", "name", "value", *EXAMPLE))
    for row in rows:
        if row["kind"] == "error":
            facts = (row[name] for name in EXAMPLE)
            table.writerow(cells(("error", row["error_class"], row["count"], *facts)))
            continue
        for name, value in row.items():
            if name != "kind":
                table.writerow(cells((row["kind"], name, value)))
    return text.getvalue()


def _usd(lines: Iterable[Mapping[str, Any]]) -> float:
    return sum((float(line["quantity"]) * float(line["price"]) for line in lines), 0.0)
