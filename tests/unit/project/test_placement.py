"""Tests of batchkit.project.placement."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from batchkit.errors import ConfigError
from batchkit.project import Project
from batchkit.project.placement import architecture_of

Written = Callable[..., Project]


def table(name: str, text: str) -> tuple[str, str]:
    """A change that puts a table into the file."""
    return ("[job]\n", f"[{name}]\n{text}\n\n[job]\n")


GIVEN = 'subnets = ["subnet-0123abcd"]\nsecurity_groups = ["sg-0123abcd"]'


def test_a_project_makes_its_own_network_unless_it_names_one(written: Written) -> None:
    assert not written().network.is_given
    assert written(table("network", GIVEN)).network.is_given


@pytest.mark.parametrize("line", GIVEN.splitlines())
def test_subnets_and_security_groups_go_together(written: Written, line: str) -> None:
    with pytest.raises(ConfigError, match="go together"):
        written(table("network", line))


@pytest.mark.parametrize("line", ["zones = 3", 'cidr = "10.1.0.0/16"'])
def test_what_a_given_network_decides_is_not_to_be_set(written: Written, line: str) -> None:
    with pytest.raises(ConfigError, match="zones and cidr are those of a VPC that deploying makes"):
        written(table("network", f"{GIVEN}\n{line}"))


@pytest.mark.parametrize("cidr", ["11.0.0.0/16", "172.32.0.0/16", "192.169.0.0/16", "8.8.0.0/16"])
def test_a_network_of_public_addresses_is_refused(written: Written, cidr: str) -> None:
    with pytest.raises(ConfigError, match="not a range of private addresses") as raised:
        written(table("network", f'cidr = "{cidr}"'))
    assert raised.value.found == cidr


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.16.0.0/16", "172.31.0.0/16", "192.168.0.0/16"])
def test_a_network_of_private_addresses_is_taken(written: Written, cidr: str) -> None:
    assert written(table("network", f'cidr = "{cidr}"')).network.cidr == cidr


@pytest.mark.parametrize("text", ["zones = 4", 'egress = "vpn"', 'cidr = "10.0.0.0/24"', 'subnets = ["a"]'])
def test_what_aws_would_not_take_is_refused_by_its_type(written: Written, text: str) -> None:
    with pytest.raises(ConfigError, match=r"\[network\]"):
        written(table("network", text))


EC2 = ('type = "fargate-spot"', 'type = "ec2-spot"')


def chosen(types: str, architecture: str = "x86-64") -> tuple[str, str]:
    line = f'instance_types = {types}\narchitecture = "{architecture}"'
    return ("max_vcpus = 16", f"max_vcpus = 16\n{line}")


def test_instance_types_are_ec2_s(written: Written) -> None:
    with pytest.raises(ConfigError, match="on Fargate there are none to choose from"):
        written(chosen('["c7i"]'))
    assert written(EC2, chosen('["c7i", "m7i.large"]')).compute.instance_types == ("c7i", "m7i.large")


@pytest.mark.parametrize(("types", "architecture"), [('["c7g"]', "x86-64"), ('["c7g", "c7i"]', "arm64")])
def test_instance_types_are_of_the_image_s_architecture(
    written: Written, types: str, architecture: str
) -> None:
    with pytest.raises(ConfigError, match="the children's image is for another processor"):
        written(EC2, chosen(types, architecture))


def test_the_architecture_of_every_type_is_told_by_its_name() -> None:
    # macOS runs on arm64 under a name of its own, and not under AWS Batch.
    wrong = [
        name
        for name, facts in INSTANCE_TYPES.items()
        if not name.startswith("mac")
        for supported in [set(facts["ProcessorInfo"]["SupportedArchitectures"])]
        if (architecture_of(name) == "arm64") != ("arm64" in supported)
    ]
    assert wrong == []
