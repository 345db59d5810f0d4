"""CloudFormation at work onto standard error: a line for each event; on a terminal, what goes on below."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click
from rich.status import Status

from batchkit.cli.output import console, one_line

if TYPE_CHECKING:
    from batchkit.aws.stacks import Event

STYLES = {"COMPLETE": "green", "FAILED": "red", "PROGRESS": "", "SKIPPED": "cyan"}


class StackProgress:
    """What to report events to. On a terminal, the resources under way stand in the last line."""

    def __init__(self) -> None:
        self._status: Status | None = None
        self._under_way: dict[str, None] = {}

    def __call__(self, event: Event) -> None:
        if not sys.stderr.isatty():
            click.echo(line(event), err=True)
            return
        status = self._live()
        if event.status.endswith("_IN_PROGRESS"):
            self._under_way[event.logical_id] = None
        else:
            self._under_way.pop(event.logical_id, None)
            status.console.print(line(event), style=_style(event), markup=False)
        status.update(one_line(f"{', '.join(self._under_way) or 'CloudFormation'} …"))

    def close(self) -> None:
        """Leave the terminal to others, until the next event."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _live(self) -> Status:
        if self._status is None:
            self._status = console(stderr=True).status("CloudFormation …")
            self._status.start()
        return self._status


def _style(event: Event) -> str:
    return STYLES.get(event.status.rsplit("_", 1)[-1], "")


def line(event: Event) -> str:
    """`15:04:05 CREATE_COMPLETE UploadQueue AWS::Batch::JobQueue`, with the reason of a failure."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.at))
    reason = f"  {event.reason}" if event.status.endswith("_FAILED") and event.reason else ""
    return one_line(f"{clock} {event.status:<18} {event.logical_id} {event.kind}{reason}")
