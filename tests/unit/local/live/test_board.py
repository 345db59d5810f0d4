from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from batchkit.local.live.board import Board, Seen

EVERY = 5.0


class Stage:
    """Jobs that move and a clock that goes on as a test says; counts the looks at them."""

    def __init__(self) -> None:
        self.moves = 0
        self.time = 100.0
        self.looks = 0
        self.board = Board(self.look, lambda: self.moves, EVERY, lambda: self.time)

    def look(self) -> dict[str, int]:
        self.looks += 1
        return {"look": self.looks}


def test_the_first_reader_sees_what_there_is() -> None:
    assert Stage().board.read() == Seen(0, json.dumps({"look": 1}))


def test_nobody_looks_while_nothing_moves() -> None:
    stage = Stage()
    for _ in range(10):
        stage.board.read()
        stage.time += 2 * EVERY
    assert stage.looks == 1


def test_many_readers_share_one_look() -> None:
    stage = Stage()
    stage.board.read()
    stage.moves, stage.time = 7, stage.time + EVERY
    with ThreadPoolExecutor(16) as pool:
        seen = set(pool.map(lambda _: stage.board.read(), range(64)))
    assert seen == {Seen(7, json.dumps({"look": 2}))}


def test_what_moves_all_the_time_is_looked_at_now_and_then() -> None:
    stage = Stage()
    for _ in range(101):
        stage.board.read()
        stage.moves, stage.time = stage.moves + 1, stage.time + EVERY / 10
    assert stage.looks == 11


def test_what_moves_during_a_look_is_looked_at_again() -> None:
    stage = Stage()

    def look() -> int:
        stage.moves += 1
        return stage.moves

    board = Board(look, lambda: min(stage.moves, 2), 0.0, lambda: stage.time)
    assert [board.read().text for _ in range(4)] == ["1", "2", "3", "3"]
