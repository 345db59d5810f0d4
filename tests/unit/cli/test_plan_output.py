"""Tests of batchkit.cli.plan_output: a plan for people and for programs."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from batchkit.cli.output import table
from batchkit.cli.plan_output import COLUMNS, duration, found, price_rows, print_plan
from batchkit.planning.backfill import Found, Options, Plan, Tally, plan
from batchkit.planning.cost import Machine


def planned(sources: int, **options: int) -> Plan:
    counts = Found(sources, sources * 3_000_000, sources * 2, tally=Tally(new=sources, fresh=5))
    settings = Options(Machine("fargate-spot", 1, 2048), 256, **options)
    return plan(
        "b-1", 1_795_000_000, recipe="d" * 64, tasks=("thumb", "large"), found=counts, options=settings
    )


def printed(capsys: pytest.CaptureFixture[str], made: Plan) -> str:
    print_plan(made, "table")
    return capsys.readouterr().out


def test_people_read_what_was_found_what_happens_and_what_it_costs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = planned(40_000, most_per_child=2)
    text = printed(capsys, made)
    for part in (
        "40,005 sources: 40,000 new, 5 up to date",
        "80,000 items of 40,000 sources (120.0 GB): thumb, large",
        "4 of 10,000 children",
        "4 SubmitJob",
        f"{made.vcpu_hours:,.2f} vCPU-hours",
        f"{made.cost.total:,.2f} USD",
    ):
        assert part in text


def test_every_amount_of_money_names_its_price_and_where_that_is_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = planned(1000)
    text = printed(capsys, made)
    for line in made.cost.lines:
        (shown,) = [row for row in text.splitlines() if row.startswith(line.what + "\t")]
        assert f"{line.price:.4g}" in shown
        named = [paragraph for paragraph in text.replace("\n  ", " ").splitlines() if line.what in paragraph]
        assert any(line.source in each and line.date in each for each in named[1:])


def test_a_plan_fits_a_terminal_of_80_columns() -> None:
    made = planned(1_000_000)
    console = Console(width=80, file=io.StringIO())
    console.print(table(COLUMNS, price_rows(made)))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1 + len(price_rows(made))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(2, 0, 4, unsized=2), "4 items of 2 sources (2 of unknown size, 3.0 MB each assumed)"),
        (Found(3, 8000, 6, unsized=1), "(8.0 kB and 1 of unknown size, 4.0 kB each assumed)"),
        (Found(1, 5, 1), "1 item of 1 source (5 B)"),
    ],
)
def test_what_was_assumed_of_sizes_is_said(
    capsys: pytest.CaptureFixture[str], found: Found, said: str
) -> None:
    settings = Options(Machine("fargate", 1, 2048), 256)
    tasks = ("thumb", "large")
    assert said in printed(capsys, plan("b-1", 0, recipe="d", tasks=tasks, found=found, options=settings))


@pytest.mark.parametrize(
    ("sources", "per_child", "said"),
    [(0, 2, "nothing to do"), (1, 2, "one plain job"), (3, 2, "1 of 3"), (10_001, 2, "2 of 5,000 to 5,001")],
)
def test_arrays_are_described_in_words(
    capsys: pytest.CaptureFixture[str], sources: int, per_child: int, said: str
) -> None:
    assert said in printed(capsys, planned(sources, most_per_child=per_child))


def test_programs_read_the_plan_itself(capsys: pytest.CaptureFixture[str]) -> None:
    made = planned(1000)
    print_plan(made, "json")
    facts = json.loads(capsys.readouterr().out)
    assert facts == json.loads(json.dumps(made.as_json()))


def test_kinds_that_do_not_occur_are_left_out() -> None:
    assert found(Tally()) == "0 sources"
    assert found(Tally(unchecked=2, repeated=998)).endswith("998 more named again and counted once")
    assert found(Tally(rejected=1)) == "1 source: 1 of a wrong type or size"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (95, "1 min 35 s"), (3725, "1 h 02 min"), (360_000, "100 h 00 min")],
)
def test_durations_read_easily(seconds: float, text: str) -> None:
    assert duration(seconds) == text
