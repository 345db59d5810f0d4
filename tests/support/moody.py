"""A job whose children can be killed by what a source says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from support.jobs import Parking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batchkit.job import Failure, Original, Output, Task

EXIT_CODE = 9


class Moody(Parking):
    """As Parking; a body that begins with `die` ends the child's process at once."""

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        if original.body.startswith(b"die"):
            os._exit(EXIT_CODE)
        yield from super().make(original, tasks)
