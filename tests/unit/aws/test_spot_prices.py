"""Tests of batchkit.aws.spot_prices: what EC2 Spot costs at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.stub import ANY, Stubber
from support.moto_world import moto_clients, session

from batchkit.aws.clients import Clients, configuration
from batchkit.aws.spot_prices import spot_vcpu_hour

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_000_000


@pytest.fixture
def clients() -> Clients:
    return Clients(session(), configuration(1))


@pytest.fixture
def stub(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.ec2) as stubber:
        yield stubber


def test_the_price_is_the_median_of_a_vcpu(clients: Clients, stub: Stubber) -> None:
    entries = [("m5.large", "0.04"), ("m5.xlarge", "0.10"), ("m6i.large", "0.06")]
    history = [{"InstanceType": kind, "SpotPrice": usd} for kind, usd in entries]
    stub.add_response("describe_spot_price_history", {"SpotPriceHistory": history})
    price = spot_vcpu_hour(clients.ec2, clock=lambda: NOW)
    assert price is not None
    assert price.usd == 0.025
    assert price.date == "2026-11-18"
    assert "median of 3" in price.source


def test_arm64_is_asked_for_by_its_own_instance_types(clients: Clients, stub: Stubber) -> None:
    history = [{"InstanceType": "m7g.xlarge", "SpotPrice": "0.08"}]
    asked = {"InstanceTypes": ["m6g.large", "m6g.xlarge", "m7g.large", "m7g.xlarge"]}
    asked |= {"ProductDescriptions": ANY, "StartTime": ANY}
    stub.add_response("describe_spot_price_history", {"SpotPriceHistory": history}, asked)
    price = spot_vcpu_hour(clients.ec2, "arm64", lambda: NOW)
    assert price is not None
    assert (price.usd, "m6g and m7g" in price.source) == (0.02, True)


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "RequestLimitExceeded"])
def test_without_permission_or_answer_there_is_no_price(clients: Clients, stub: Stubber, code: str) -> None:
    stub.add_client_error("describe_spot_price_history", code, http_status_code=400)
    assert spot_vcpu_hour(clients.ec2, clock=lambda: NOW) is None


def test_where_none_of_the_types_is_sold_there_is_no_price(clients: Clients, stub: Stubber) -> None:
    stub.add_response("describe_spot_price_history", {"SpotPriceHistory": []})
    assert spot_vcpu_hour(clients.ec2, clock=lambda: NOW) is None


def test_the_question_is_one_that_ec2_understands() -> None:
    with moto_clients() as clients:
        price = spot_vcpu_hour(clients.ec2, clock=lambda: NOW)
    assert price is not None
    assert price.usd > 0
