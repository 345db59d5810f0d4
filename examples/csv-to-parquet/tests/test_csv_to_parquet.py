"""The job with bytes, and the whole flow on this machine."""

from __future__ import annotations

import io

import pytest
from pyarrow import parquet

from batchkit.testing import Rejected, load_project, make, running

PROJECT = load_project(__file__)
TABLE = b"city,people\nBergen,289330\nOulu,214633\n"


def test_the_package_brings_the_job() -> None:
    assert PROJECT.uses == "csv-to-parquet"
    assert [task.name for task in PROJECT.recipe.tasks] == ["table"]


def test_a_table_keeps_its_rows_and_types() -> None:
    made = make(PROJECT, "in/cities.csv", TABLE)["table"]
    assert not isinstance(made, Rejected)
    assert made.facts == {"rows": 2, "columns": 2}
    assert parquet.read_table(io.BytesIO(made.body)).to_pylist()[1] == {"city": "Oulu", "people": 214633}


def test_a_ragged_table_is_rejected() -> None:
    with pytest.raises(Rejected, match="columns"):
        make(PROJECT, "in/ragged.csv", TABLE + b"one,two,three\n")


def test_an_upload_becomes_a_table() -> None:
    with running(PROJECT) as stack:
        assert stack.upload("in/cities.csv", TABLE)["table"].outcome == "done"
        assert (stack.output("in/cities.csv", "table") or b"").startswith(b"PAR1")
