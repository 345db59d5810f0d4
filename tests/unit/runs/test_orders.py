"""Orders: the text that a schedule carries, and what it asks of the bulk lane."""

from __future__ import annotations

import pytest
from support.projects import photos

from batchkit.errors import ConfigError
from batchkit.runs import orders, sweep


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (orders.Sweep(), '{"do":"sweep"}'),
        (orders.Sweep(max_cost=2.5), '{"do":"sweep","max_cost":2.5}'),
        (
            orders.Submit(source="s3://photos-originals/ü/", include=("*.jpg",), limit=10),
            '{"do":"submit","source":"s3://photos-originals/ü/","include":["*.jpg"],"limit":10}',
        ),
    ],
)
def test_an_order_is_a_text_and_back(order: orders.Sweep | orders.Submit, text: str) -> None:
    assert order.text == text
    assert orders.parse(text) == order


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ref::order", "not JSON"),
        ("{}", "do"),
        ('{"do": "sweeep"}', "sweep"),
        ('{"do": "submit"}', "source"),
        ('{"do": "sweep", "max_costs": 1}', "max_cost"),
        ('{"do": "sweep", "max_cost": -1}', "max_cost"),
        ("[]", "order"),
    ],
)
def test_what_is_no_order_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        orders.parse(text)


def test_a_sweep_asks_for_what_the_command_asks_for() -> None:
    assert orders.request(orders.Sweep(), photos(2)) == sweep.request(photos(2))


def test_a_submission_carries_its_options() -> None:
    order = orders.Submit(
        source="s3://photos-originals/new/", changed_only=True, exclude=("*.tmp",), min_bytes=1, max_bytes=9
    )
    request = orders.request(order, photos(2))
    assert str(request.spec) == request.source == order.source
    assert request.changed_only
    assert (request.selection.exclude, request.selection.min_bytes) == (("*.tmp",), 1)


@pytest.mark.parametrize(
    "source", ["s3://elsewhere/", "keys.txt", "-", "s3://photos-originals/x/manifest.json"]
)
def test_what_operations_may_not_read_cannot_be_scheduled(source: str) -> None:
    with pytest.raises(ConfigError, match="s3://photos-originals/prefix"):
        orders.request(orders.Submit(source=source), photos(2))
