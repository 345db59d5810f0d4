from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchkit.local.events.faults import Dice, Faults


def test_without_faults_each_event_arrives_once_and_at_once() -> None:
    dice = Dice(Faults())
    assert [dice.delays() for _ in range(100)] == [[0.0]] * 100


@given(st.integers(), st.floats(0, 1), st.floats(0, 1))
def test_the_same_seed_disturbs_the_same_events(seed: int, duplicate: float, reorder: float) -> None:
    faults = Faults(duplicate=duplicate, reorder=reorder, seed=seed)
    one, two = Dice(faults), Dice(faults)
    assert [one.delays() for _ in range(20)] == [two.delays() for _ in range(20)]


def test_a_share_of_one_disturbs_every_event() -> None:
    dice = Dice(Faults(duplicate=1, reorder=1, hold=0.5))
    delays = [dice.delays() for _ in range(50)]
    assert all(len(each) == 2 for each in delays)
    assert all(0 <= delay <= 0.5 for each in delays for delay in each)


def test_about_the_wanted_share_of_events_is_doubled() -> None:
    dice = Dice(Faults(duplicate=0.3, seed=1))
    assert 250 < sum(len(dice.delays()) == 2 for _ in range(1000)) < 350
