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
    line[-1].tail = f"  {run['source']}"
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
            "bytes saved": _saved(facts),
            "cost": _usd(facts.cost.get("measured_compute_usd")),
        },
    )
    if run.get("retry"):
        _text(section, "p", "To do what failed again, and nothing else:")
        _text(section, "pre", run["retry"])


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
    said = f"{shown:,} of {facts.plan.children:,} children, those with trouble first"
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
        _table(details, ("child", "attempt", "end", "why"), rows)


def _errors(section: Element, facts: Facts) -> None:
    _text(section, "h2", "Errors")
    if not facts.errors:
        _text(section, "p", "None.")
        return
    if facts.kinds > len(facts.errors):
        _text(section, "p", f"The {len(facts.errors)} most frequent of {facts.kinds:,} kinds.")
    columns = ("items", "class", "kind", "example", "message", "to do")
    rows = [_error(row) for row in facts.errors]
    _table(section, columns, rows)
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
    _table(section, ("time", "task", "source"), rows)


def _costs(section: Element, facts: Facts) -> None:
    cost = facts.cost
    _text(section, "h2", "Planned and measured")
    rows = [
        ("computing", _usd(cost.get("planned_compute_usd")), _usd(cost.get("measured_compute_usd"))),
        ("vCPU hours", _number(cost.get("planned_vcpu_hours")), _number(cost.get("measured_vcpu_hours"))),
        ("duration", _clock(cost.get("planned_seconds")), _clock(cost.get("measured_seconds"))),
        ("everything", _usd(cost.get("planned_usd")), ""),
    ]
    _table(section, ("", "planned", "measured"), rows)
    lines = [
        (line.what, f"{line.quantity:,.6g} {line.unit}", f"{line.price:.6g}", _usd(line.usd), line.source)
        for line in facts.plan.cost.lines
    ]
    details = SubElement(section, "details")
    _text(details, "summary", "What was planned, line by line")
    _table(details, ("what", "quantity", "USD each", "USD", "price from"), lines)


def _more(section: Element, facts: Facts) -> None:
    run = facts.run["run"]
    _text(section, "h2", "More")
    _text(
        section,
        "pre",
        f"batchkit results {run} --failed\nbatchkit logs {run} --failed\nbatchkit status {run}",
    )
    _text(
        section, "p", f"For programs: {names.report_key(run, 'jsonl')} and .csv beside it.", {"class": "soft"}
    )
    _text(section, "p", f"Recipe {facts.run['recipe']}", {"class": "soft"})


def _error(row: Row) -> Cells:
    return (*(row[name] for name in ("count", "failure_class", "error_class", "key", "message")), row["fix"])


def _saved(facts: Facts) -> str:
    """How much smaller all outputs together are than the sources that they were made of."""
    before, after = facts.plan.bytes, facts.items["bytes"]
    return f"{1 - after / before:.0%}" if before and after and after < before else "none"


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


def _table(parent: Element, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    table = SubElement(parent, "table")
    line = SubElement(SubElement(table, "thead"), "tr")
    for column in columns:
        _text(line, "th", column, {"scope": "col"})
    body = SubElement(table, "tbody")
    for row in rows:
        line = SubElement(body, "tr")
        for cell in row:
            number = isinstance(cell, int | float)
            _text(line, "td", f"{cell:,}" if number else str(cell), {"class": "number"} if number else {})


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
