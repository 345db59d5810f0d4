"""CSV files become Parquet files: a batchkit job in a package of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
from pyarrow import csv, parquet

from batchkit.job import Original, Output, Rejected, Task, decode, recipe_schema

COMPRESSIONS = ("zstd", "snappy", "gzip", "none")


class Recipe(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """[job] of batchkit.toml."""

    delimiter: str = ","
    compression: str = "zstd"


class CsvToParquet:
    """One task: `table`."""

    version = "1"

    def plan(self, recipe: Mapping[str, Any]) -> Sequence[Task]:
        """Raises ConfigError for an unknown key or a value of another type, with the nearest name."""
        wanted = decode(recipe, Recipe, "[job]")
        parameters = {"delimiter": wanted.delimiter, "compression": wanted.compression}
        return [Task(name="table", extension="parquet", parameters=parameters)]

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output]:
        """Raises Rejected for what is no table."""
        for task in tasks:
            table = _read(original.body, task.parameters["delimiter"])
            sink = io.BytesIO()
            parquet.write_table(table, sink, compression=task.parameters["compression"])
            facts = {"rows": table.num_rows, "columns": table.num_columns}
            yield Output(task.name, sink.getvalue(), "application/vnd.apache.parquet", facts)

    def schema(self) -> Mapping[str, Any]:
        """For editors."""
        return recipe_schema(Recipe)


def _read(body: bytes, delimiter: str) -> pa.Table:
    try:
        return csv.read_csv(io.BytesIO(body), parse_options=csv.ParseOptions(delimiter=delimiter))
    except pa.ArrowInvalid as error:
        raise Rejected("NotATable", str(error)) from error
