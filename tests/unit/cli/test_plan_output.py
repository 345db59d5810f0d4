"""Tests of batchkit.cli.plan_output: a plan for people and for programs."""

from __future__ import annotations

import json

import pytest

from batchkit.cli.plan_output import duration, found, print_plan
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
    made = planned(40_000, per_child=2)
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


def test_every_amount_of_money_names_its_price_and_the_date_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = planned(1000)
    lines = printed(capsys, made).splitlines()
    for line in made.cost.lines:
        (shown,) = [text for text in lines if text.startswith(line.what + "\t")]
        assert f"{line.price:.4g}" in shown
        assert line.date in shown
        assert line.source in shown


@pytest.mark.parametrize(
    ("sources", "per_child", "said"),
    [(0, 2, "nothing to do"), (1, 2, "one plain job"), (3, 2, "1 of 3"), (10_001, 2, "2 of 5,000 to 5,001")],
)
def test_arrays_are_described_in_words(
    capsys: pytest.CaptureFixture[str], sources: int, per_child: int, said: str
) -> None:
    assert said in printed(capsys, planned(sources, per_child=per_child))


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
