"""Options that several commands share, each defined once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from batchkit.local.faults import Faults

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


class FaultsType(click.ParamType["Faults"]):
    """`spot=0.2,seed=7` as Faults."""

    name = "FAULTS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Faults:
        from batchkit.local.faults import Faults, parse  # noqa: PLC0415 (only the local stack needs it)

        return value if isinstance(value, Faults) else parse(value)


def errand_options(command: F) -> F:
    """`--out` and `--timeout` of commands that upload files and wait."""
    timeout = click.option(
        "--timeout", type=float, default=300.0, show_default=True, help="Seconds until it gives up."
    )
    folder = click.Path(file_okay=False, path_type=Path)
    out = click.option(
        "--out",
        type=folder,
        default=Path("batchkit-demo"),
        show_default=True,
        help="The folder for the outputs.",
    )
    return out(timeout(command))


def executor_options(command: F) -> F:
    """`--executor`, `--image` and `--faults` of the local stack."""
    for option in (
        click.option(
            "--faults",
            type=FaultsType(),
            default="",
            help="What goes wrong on purpose: spot, duplicate, reorder, throttle, error, as in "
            "spot=0.2,throttle=0.1,seed=7; or which call, as in throttle@SubmitJob:1,lost@SubmitJob:2.",
        ),
        click.option("--image", help="The image for --executor docker, as `batchkit image build` names it."),
        click.option(
            "--executor",
            type=click.Choice(["process", "docker"]),
            default="process",
            show_default=True,
            help="Run children as processes of this machine, or as containers.",
        ),
    ):
        command = option(command)
    return command


def environment() -> dict[str, str]:
    """The process's environment, read at this entry and handed on."""
    return dict(os.environ)
