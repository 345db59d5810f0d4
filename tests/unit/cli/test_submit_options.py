"""Tests of batchkit.cli.submit_options and batchkit.cli.progress: from a command line to a request."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import click
import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.live import Live
from support.moto_world import moto_clients
from support.projects import photos

from batchkit.cli.progress import Bar, line
from batchkit.cli.submit_options import Choices, submit_options, typed
from batchkit.errors import ConfigError
from batchkit.planning.source_spec import KeyFile, Prefix
from batchkit.planning.states import Counts, RunState
from batchkit.runs import intents
from batchkit.runs.bulk import Bulk
from batchkit.runs.requests import Request
from batchkit.runs.watch import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = "b-20261123t160000-01234567"


@pytest.fixture(scope="module")
def bulk() -> Iterator[Bulk]:
    with moto_clients() as clients:
        yield Bulk(project=photos(2), clients=clients, artifacts="artifacts", table="ledger")


def chosen(*arguments: str) -> Choices:
    """The choices of a command line. Raises UsageError for a wrong one."""

    @click.command()
    @click.argument("source", required=False)
    @submit_options
    def command(**given: Any) -> Choices:
        choices = Choices(**given)
        choices.check_alone(typed(click.get_current_context()))
        return choices

    return cast("Choices", command.main(list(arguments), standalone_mode=False))


def test_a_prefix_with_all_filters_becomes_a_selection(bulk: Bulk, tmp_path: Path) -> None:
    filters = ["--include", "*.jpg", "--exclude", "a/*", "--min-size", "10kB", "--max-size", "1 MB"]
    more = ["--since", "2026-01-31", "--until", "2026-02-01", "--limit", "7", "--sample", "1%"]
    request = chosen("s3://b/in/", *filters, *more).request(bulk, tmp_path)
    assert request.spec == Prefix("b", "in/")
    selection = request.selection
    assert (selection.include, selection.exclude) == (("*.jpg",), ("a/*",))
    assert (selection.min_bytes, selection.max_bytes) == (10_000, 1_000_000)
    assert (selection.since, selection.until) == (1769817600, 1769904000)
    assert (selection.limit, selection.share) == (7, 0.01)


def test_a_file_of_keys_names_the_upload_bucket_unless_told_else(bulk: Bulk, tmp_path: Path) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text("a.jpg\n")
    assert chosen("--manifest", str(keys)).request(bulk, tmp_path).spec == KeyFile(
        str(keys), "photos-originals"
    )
    assert chosen(str(keys), "--bucket", "b").request(bulk, tmp_path).spec == KeyFile(str(keys), "b")


def test_a_missing_file_of_keys_is_an_error(bulk: Bulk, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file of keys"):
        chosen("--manifest", str(tmp_path / "none")).request(bulk, tmp_path)


@pytest.mark.parametrize(("named", "said"), [("", "where the sources are"), (".", "a folder is no file")])
def test_what_names_no_file_of_keys_is_told_for_what_it_is(
    bulk: Bulk, tmp_path: Path, named: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        chosen(named).request(bulk, tmp_path)


def test_a_closed_standard_input_is_no_file_of_keys(
    bulk: Bulk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ConfigError, match="no standard input"):
        chosen("-").request(bulk, tmp_path)


def test_standard_input_is_kept_to_be_read_again(bulk: Bulk, tmp_path: Path) -> None:
    choices = chosen("--manifest", "-")

    @click.command()
    def command() -> None:
        request = choices.request(bulk, tmp_path)
        assert request.keys is not None
        click.echo(request.keys.read_text())

    done = CliRunner().invoke(command, [], input="a.jpg\n", catch_exceptions=False)
    assert done.output == "a.jpg\n\n"


def test_a_price_of_ones_own_replaces_the_tables(bulk: Bulk, tmp_path: Path) -> None:
    request = chosen("s3://b/", "--price", "s3-put=0.5").request(bulk, tmp_path)
    assert request.prices["s3-put"].usd == 0.5


WRONG = [
    [],
    ["s3://b/", "--manifest", "x"],
    ["s3://b/", "--plan", "x"],
    ["s3://b/", "--canary", "1%", "--save", "x"],
    ["s3://b/", "--sample", "200%"],
    ["s3://b/", "--limit", "0"],
    ["s3://b/", "--since", "yesterday"],
    ["s3://b/", "--min-size", "10 apples"],
    ["s3://b/", "--price", "s3-putt=1"],
    ["s3://b/", "--price", "s3-put"],
    ["s3://b/", "--fan-out", "everything"],
    ["s3://b/", "--max-error-rate", "1%"],
    ["s3://b/", "--max-cost", "nan"],
    ["s3://b/", "--max-cost", "inf"],
    ["s3://b/", "--max-cost", "-1"],
    ["s3://b/", "--seconds-per-child", "nan"],
    ["s3://b/", "--min-size", "10MB", "--max-size", "1kB"],
    ["s3://b/", "--since", "2026-02-01", "--until", "2026-02-01"],
    ["--plan", "x", "--fan-out", "source"],
    ["--plan", "x", "--price", "s3-put=1"],
    ["--plan", "x", "--changed-only"],
    ["--plan", "x", "--again"],
    ["--plan", "x", "--save", "y"],
]


@pytest.mark.parametrize("arguments", WRONG)
def test_a_wrong_command_line_is_refused(arguments: list[str]) -> None:
    with pytest.raises(click.UsageError):
        chosen(*arguments)


def test_what_would_have_no_effect_beside_a_kept_plan_is_named() -> None:
    with pytest.raises(click.UsageError, match=r"leave out --limit, --price, --sample$"):
        chosen("--plan", "x", "--limit", "5", "--sample", "1%", "--price", "s3-put=1")
    assert chosen("--plan", "x", "--max-cost", "5", "--wait", "--yes").max_cost == 5


def meaning(bulk: Bulk, request: Request) -> str:
    return intents.token(request.meaning(bulk.project))


def test_prices_and_waiting_do_not_make_another_command(bulk: Bulk, tmp_path: Path) -> None:
    plain, other = chosen("s3://b/"), chosen("s3://b/", "--wait", "--yes", "--price", "s3-put=1")
    assert meaning(bulk, plain.request(bulk, tmp_path)) == meaning(bulk, other.request(bulk, tmp_path))


def test_a_request_without_a_command_line_means_the_same(bulk: Bulk, tmp_path: Path) -> None:
    plain = Request(source="s3://b/", spec=Prefix("b", ""))
    assert meaning(bulk, plain) == meaning(bulk, chosen("s3://b/").request(bulk, tmp_path))


OTHERS = [
    ["s3://b/x"],
    ["s3://b/", "--limit", "5"],
    ["s3://b/", "--include", "*.jpg"],
    ["s3://b/", "--changed-only"],
    ["s3://b/", "--fan-out", "task"],
    ["s3://b/", "--sample", "1%"],
]


@pytest.mark.parametrize("arguments", OTHERS)
def test_another_choice_is_another_command(bulk: Bulk, tmp_path: Path, arguments: list[str]) -> None:
    one, other = (chosen(*each).request(bulk, tmp_path) for each in (["s3://b/"], arguments))
    assert meaning(bulk, one) != meaning(bulk, other)


def test_another_content_of_the_same_file_is_another_command(bulk: Bulk, tmp_path: Path) -> None:
    keys = tmp_path / "keys.txt"
    found = set()
    for content in ("a.jpg\n", "b.jpg\n"):
        keys.write_text(content)
        found.add(meaning(bulk, chosen(str(keys)).request(bulk, tmp_path)))
    assert len(found) == 2


def test_a_look_at_a_run_is_one_line() -> None:
    statuses = {"RUNNING": 28, "SUCCEEDED": 9, "FAILED": 3}
    counts = Counts(done=1198, rejected=2)
    look = Progress(RUN, RunState.RUNNING, 40, 4000, statuses, counts, rate=31.0, eta=90.0, usd=0.021)
    assert line(look) == (
        f"{RUN} RUNNING  12/40 children, 3 failed  1,200/4,000 items, 2 rejected  31.0/s"
        "  ETA 1 min 30 s  0.02 USD"
    )


def test_a_bar_has_a_line_of_its_own_on_a_narrow_terminal() -> None:
    stream = io.StringIO()
    counts = Counts(done=1998, rejected=2)
    look = Progress(RUN, RunState.RUNNING, 40, 4000, {"SUCCEEDED": 9}, counts, rate=31.0, eta=90.0, usd=0.021)
    with Live(console=Console(file=stream, width=80, force_terminal=True, color_system=None)) as live:
        Bar(live)(look)
    bars = [text for text in stream.getvalue().splitlines() if "━" in text]
    assert bars
    assert all("50%" in bar and RUN not in bar and bar.count("━") > 30 for bar in bars)


def test_a_run_that_is_over_has_no_rate() -> None:
    look = Progress(RUN, RunState.SUCCEEDED, 1, 3, {"SUCCEEDED": 1}, Counts(done=3), rate=1.0, eta=0.0)
    assert line(look) == f"{RUN} SUCCEEDED  1/1 child  3/3 items  0.00 USD"


@pytest.mark.parametrize(
    ("arguments", "expected"), [([], 0.5), (["--max-bad", "5%"], 0.05), (["--max-bad", "0"], 0)]
)
def test_a_run_is_judged_as_the_command_line_or_else_the_project_says(
    bulk: Bulk, tmp_path: Path, arguments: list[str], expected: float
) -> None:
    request = chosen("s3://b/in/", *arguments).request(bulk, tmp_path)
    assert request.options(bulk.project).max_bad == expected
