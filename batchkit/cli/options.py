"""Options that several commands share, each defined once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """`--config FILE`: batchkit.toml, else the nearest one from here up."""
    return click.option(
        "--config",
        "-c",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="BATCHKIT_CONFIG",
        help="The project's batchkit.toml; without it, the nearest one from the current folder up.",
    )(command)


def output_option(command: F) -> F:
    """`--output table|json`: json is one document on standard output, stable for programs."""
    return click.option(
        "--output",
        "-o",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How to print the facts.",
    )(command)


def environment() -> dict[str, str]:
    """The process's environment, read at this entry and handed on."""
    return dict(os.environ)
