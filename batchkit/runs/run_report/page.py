"""The page of one run: HTML in one file, without a script and with nothing from elsewhere.

It is built as a tree, never as text: keys, messages and log lines come from the world, and become text nodes
whatever they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from batchkit.completion.notice import size
from batchkit.planning import names
from batchkit.runs.run_report import charts
from batchkit.runs.run_report.style import STYLE
from batchkit.runs.run_report.timeline import End

if TYPE_CHECKING:
    from batchkit.runs.run_report.facts import Facts, Row

# Nothing is loaded and nothing runs, whatever a key or a log line says.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

Cells = Sequence[object]

# Columns that hold what the world has written, as long as it likes; all others never break.
LONG = frozenset({"example", "message", "to do", "source", "why", "what", "price from"})
# Characters above which only the first lines of such a cell are shown, and the rest on demand.
HEAD = 200


SAVING = (
    "Outputs against sources: the mean of the outputs that were written against the mean of the sources that "
    "were planned, rejected ones too; each output by itself, as in the gallery."
)


def render(facts: Facts) -> bytes:
    """The page, UTF-8."""
    register_namespace("", "http://www.w3.org/2000/svg")
    html = Element("html", lang="en")
    _head(html, facts)
    body = SubElement(html, "body")
    for part in (_summary, _throughput, _timeline, _errors, _slowest, _costs, _more):
        part(SubElement(body, "section"), facts)
    return f"<!doctype html>\n{tostring(html, encoding='unicode', method='html')}".encode()


def _head(html: Element, facts: Facts) -> None:
    head = SubElement(html, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _text(head, "title", f"{facts.project}: run {facts.run['run']} {facts.run['state']}")
    _text(head, "style", STYLE)


def _summary(section: Element, facts: Facts) -> None:
    run, items = facts.run, facts.items
    _text(section, "h1", f"{facts.project}: {run['run']}")
    line = SubElement(section, "p")
    _text(line, "span", run["state"], {"class": f"state {run['state']}"})
    line[-1].tail = "  "
    _text(line, "bdi", run["source"])
    began, ended = (datetime.fromtimestamp(run[name], UTC) for name in ("started", "stopped"))
    _text(section, "p", f"{began:%Y-%m-%d %H:%M:%S} to {ended:%Y-%m-%d %H:%M:%S} UTC", {"class": "soft"})
    seconds = max(run["stopped"] - run["started"], 1)
    done = items["done"] + items["fresh"]
    _facts(
        section,
        {
            "sources": f"{run['sources']:,}",
            "items done": f"{items['done']:,}",
            "already up to date": f"{items['fresh']:,}",
            "rejected": f"{items['rejected']:,}",
            "failed": f"{items['failed']:,}",
            "duration": charts.clock(seconds),
            "items a second": f"{done / seconds:,.2f}",
            "children": f"{facts.plan.children:,}",
            "sources' bytes": size(facts.plan.bytes),
            "written": size(items["bytes"]),
            **_saved(facts),
            "cost": _usd(facts.cost.get("measured_compute_usd")),
        },
    )
    if _saved(facts):
        _text(section, "p", SAVING, {"class": "soft"})
    _again(section, facts)


def _again(section: Element, facts: Facts) -> None:
    """How to do again what went wrong: another try helps what failed, and never what was rejected."""
    run, items = facts.run["run"], facts.items
    if items["failed"]:
        _text(section, "p", "To do what failed again, and nothing else:")
        _text(section, "pre", f"batchkit retry {run}")
    if items["rejected"]:
        _text(
            section,
            "p",
            "Only another file or another recipe changes what was rejected. After such a change:",
        )
        _text(section, "pre", f"batchkit retry {run} --only rejected")


def _throughput(section: Element, facts: Facts) -> None:
    _text(section, "h2", "Throughput")
    chart = charts.throughput(facts.throughput)
    _figure(
        section, "Throughput", chart, charts.THROUGHPUT_KEY, "Items a second, from the children's reports."
    )


def _timeline(section: Element, facts: Facts) -> None:
    found, shown = facts.attempts, len({one.child for one in facts.attempts})
    _text(section, "h2", "Children")
    if not found:
        _text(section, "p", "No child has reported.")
        return
    lost = sum(one.end is End.RECLAIMED for one in found)
    said = f"{shown:,} of {facts.plan.children:,} children"
    said += ", those with trouble first" if shown < facts.plan.children else ""
    said += f"; {lost} attempts lost to Spot." if facts.remembered else "."
    if not facts.remembered:
        said += " Batch has forgotten them: only their last attempts are known."
    chart = charts.timeline(found, facts.run["started"])
    _figure(section, "Children", chart, charts.TIMELINE_KEY, said)
    troubled = [one for one in found if one.end is not End.DONE]
    if troubled:
        rows = [(one.child, one.number, one.end.value, one.why) for one in troubled]
        details = SubElement(section, "details")
        _text(details, "summary", f"{len(troubled)} attempts that did not end well")
        _table(details, "Attempts that did not end well", ("child", "attempt", "end", "why"), rows)


def _errors(section: Element, facts: Facts) -> None:
    _text(section, "h2", "Errors")
    if not facts.errors:
        _text(section, "p", "None.")
        return
    if facts.kinds > len(facts.errors):
        _text(section, "p", f"The {len(facts.errors)} most frequent of {facts.kinds:,} kinds.")
    columns = ("items", "class", "kind", "example", "message", "to do")
    rows = [_error(row) for row in facts.errors]
    _table(section, "Errors", columns, rows)
    for number, lines in sorted(facts.tails.items()):
        row, details = facts.errors[number], SubElement(section, "details")
        _text(details, "summary", f"The end of a log with {row['error_class']}")
        _text(details, "pre", "\n".join(lines))


def _slowest(section: Element, facts: Facts) -> None:
    _text(section, "h2", "Slowest items")
    if not facts.slowest:
        _text(section, "p", "Nothing was made.")
        return
    rows = [(f"{one.milliseconds:,} ms", one.task, one.key) for one in facts.slowest]
    _table(section, "Slowest items", ("time", "task", "source"), rows)


def _costs(section: Element, facts: Facts) -> None:
    cost = facts.cost
    _text(section, "h2", "Planned and measured")
    rows = [
        ("computing", _usd(cost.get("planned_compute_usd")), _usd(cost.get("measured_compute_usd"))),
        ("vCPU hours", _number(cost.get("planned_vcpu_hours")), _number(cost.get("measured_vcpu_hours"))),
        ("duration", _clock(cost.get("planned_seconds")), _clock(cost.get("measured_seconds"))),
        ("everything", _usd(cost.get("planned_usd")), ""),
    ]
    _table(section, "Planned and measured", ("", "planned", "measured"), rows)
    lines = [
        (line.what, f"{line.quantity:,.6g} {line.unit}", f"{line.price:.6g}", _usd(line.usd), line.source)
        for line in facts.plan.cost.lines
    ]
    details = SubElement(section, "details")
    _text(details, "summary", "What was planned, line by line")
    columns = ("what", "quantity", "USD each", "USD", "price from")
    _table(details, "What was planned", columns, lines)


def _more(section: Element, facts: Facts) -> None:
    run, items = facts.run["run"], facts.items
    _text(section, "h2", "More")
    lines = [f"batchkit status {run}"]
    if items["rejected"]:
        lines.append(f"batchkit results {run} --rejected")
    if items["failed"]:
        lines += [f"batchkit results {run} --failed", f"batchkit logs {run} --failed"]
    _text(section, "pre", "\n".join(lines))
    _text(
        section, "p", f"For programs: {names.report_key(run, 'jsonl')} and .csv beside it.", {"class": "soft"}
    )
    _text(section, "p", f"Recipe {facts.run['recipe']}", {"class": "soft"})


def _error(row: Row) -> Cells:
    return (*(row[name] for name in ("count", "failure_class", "error_class", "key", "message")), row["fix"])


def _saved(facts: Facts) -> dict[str, str]:
    """How much smaller outputs are than sources; nothing where a run wrote nothing, or sizes are unknown.

    The ledger's reports know no source's size. Their mean is known, and does not grow with what was
    rejected, was up to date already, or is made several times.
    """
    sized, items = facts.plan.sources - facts.plan.unsized, facts.items
    if not (sized and facts.plan.bytes and items["done"] and items["bytes"]):
        return {}
    change = items["bytes"] / items["done"] / (facts.plan.bytes / sized) - 1
    return {"an output against its source": f"{abs(change):.0%} {'smaller' if change <= 0 else 'larger'}"}


def _facts(parent: Element, found: dict[str, str]) -> None:
    cells = SubElement(parent, "dl")
    for name, value in found.items():
        cell = SubElement(cells, "div")
        _text(cell, "dt", name)
        _text(cell, "dd", value)


def _figure(parent: Element, name: str, chart: Element, key: Iterable[str], caption: str) -> None:
    # On a phone the chart scrolls by itself: with a name and a place among what the keyboard reaches.
    figure = SubElement(
        parent, "figure", {"class": chart.get("class", ""), "tabindex": "0", "aria-label": name}
    )
    figure.append(chart)
    line = SubElement(figure, "figcaption")
    for number, meaning in enumerate(key):
        _text(line, "span", meaning, {"class": f"key color-{number}"})
    _text(line, "span", caption)


def _table(parent: Element, name: str, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    # As a chart does, what is too wide scrolls by itself.
    box = SubElement(parent, "div", {"class": "wide", "role": "region", "tabindex": "0", "aria-label": name})
    table = SubElement(box, "table")
    line = SubElement(SubElement(table, "thead"), "tr")
    for column in columns:
        _text(line, "th", column, {"scope": "col"})
    body = SubElement(table, "tbody")
    for row in rows:
        line = SubElement(body, "tr")
        for column, cell in zip(columns, row, strict=True):
            _cell(line, cell, is_long=column in LONG)


def _cell(line: Element, cell: object, *, is_long: bool) -> None:
    number = isinstance(cell, int | float)
    if not is_long:
        _text(line, "td", f"{cell:,}" if number else str(cell), {"class": "number"} if number else {})
        return
    made, text = SubElement(line, "td", {"class": "long"}), str(cell)
    if len(text) > HEAD:
        made = SubElement(SubElement(made, "details"), "summary")
    # By itself: a name from right to left turns nothing around but itself.
    _text(made, "bdi", text)


def _text(parent: Element, tag: str, text: str, attributes: dict[str, str] | None = None) -> None:
    SubElement(parent, tag, attributes or {}).text = _clean(text)


def _clean(text: str) -> str:
    """Without the control characters that no HTML may hold."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _usd(amount: object) -> str:
    return f"{amount:,.4f} USD" if isinstance(amount, int | float) else "unknown"


def _number(amount: object) -> str:
    return f"{amount:,.4g}" if isinstance(amount, int | float) else "unknown"


def _clock(seconds: object) -> str:
    return charts.clock(seconds) if isinstance(seconds, int | float) else "unknown"
