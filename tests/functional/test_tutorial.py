"""docs/tutorial.md, followed: all its commands, in order, in an empty folder with an empty home."""

from __future__ import annotations

from pathlib import Path

from support.manual import reader


def test_the_tutorial_can_be_followed_and_ends_at_a_gallery(tmp_path: Path) -> None:
    with reader(tmp_path) as one:
        one.follow("docs/tutorial.md")
        one.until("batchkit gallery --export later", "2 sources, 5 outputs")
