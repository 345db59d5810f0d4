"""Gaps of CloudFormation itself in moto 5.2: functions that it does not know.

As in `moto_gaps`, each function says in its docstring what moto does.
"""

from __future__ import annotations

from ipaddress import ip_network
from itertools import islice
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing

if TYPE_CHECKING:
    from batchkit.local.moto_patches import Patches

ADDRESS_BITS = 32


def cidr_is_unknown(patches: Patches) -> None:
    """moto takes Fn::Cidr for a property of that name. (IPv4 only: our networks have no other.)"""
    original = parsing.clean_json

    def clean_json(value: Any, resources: Any) -> Any:
        if isinstance(value, dict) and "Fn::Cidr" in value:
            return _blocks(*(original(argument, resources) for argument in value["Fn::Cidr"]))
        return original(value, resources)

    patches.replace(parsing, "clean_json", clean_json)


def no_value_is_null_in_lists(patches: Patches) -> None:
    """AWS leaves AWS::NoValue out wherever it stands; moto puts null into lists for it."""
    original = parsing.clean_json

    def clean_json(value: Any, resources: Any) -> Any:
        found = original(value, resources)
        return [part for part in found if part is not None] if isinstance(value, list) else found

    patches.replace(parsing, "clean_json", clean_json)


def _blocks(block: str, count: Any, host_bits: Any) -> list[str]:
    subnets = ip_network(block).subnets(new_prefix=ADDRESS_BITS - int(host_bits))
    return [str(subnet) for subnet in islice(subnets, int(count))]
