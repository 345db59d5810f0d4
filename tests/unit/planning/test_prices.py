"""Tests of batchkit.planning.prices: the dated table and its overrides."""

from __future__ import annotations

import re

import pytest

from batchkit.errors import ConfigError
from batchkit.planning.prices import PRICES, overridden


@pytest.mark.parametrize("name", PRICES)
def test_every_price_says_whose_it_is_and_of_when(name: str) -> None:
    price = PRICES[name]
    assert price.usd > 0
    assert price.source
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", price.date)


def test_an_unknown_price_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean 's3-put'"):
        overridden({"s3_put": 1.0})


@pytest.mark.parametrize("usd", [-1.0, float("nan"), float("inf")])
def test_an_impossible_price_is_refused(usd: float) -> None:
    with pytest.raises(ConfigError, match="impossible"):
        overridden({"s3-put": usd})
