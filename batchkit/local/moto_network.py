"""Network resources that moto's CloudFormation makes, and neither changes nor deletes: no VPC could go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.subnets import Subnet, SubnetRouteTableAssociation
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.local.moto_patches import Patches


def network_resources_stay(patches: Patches) -> None:
    """CloudFormation in moto says DELETE_COMPLETE of endpoints, gateways, routes and their tables, and leaves
    them: the VPC then cannot be deleted for its dependencies.
    """
    for owner, delete in DELETIONS.items():
        patches.add(owner, "delete", _deleting(delete))


def networks_cannot_change(patches: Patches) -> None:
    """An update leaves subnets, routes and endpoints as they were; a new subnet loses MapPublicIpOnLaunch."""
    for owner, update in UPDATES.items():
        patches.add(owner, "update_from_cloudformation_json", _updating(update))
    patches.after_create(Subnet, _map_addresses)


def _updating(update: Callable[[Any, Any, dict[str, Any]], None]) -> Any:
    def update_from_cloudformation_json(_cls: Any, /, **given: Any) -> Any:
        backend, found = ec2_backends[given["account_id"]][given["region_name"]], given["original_resource"]
        update(backend, found, given["cloudformation_json"]["Properties"])
        return found

    return classmethod(update_from_cloudformation_json)


def _map_addresses(subnet: Any, properties: dict[str, Any]) -> None:
    subnet.map_public_ip_on_launch = str(properties.get("MapPublicIpOnLaunch", False)).lower()


def _replace_route(backend: Any, _route: Any, properties: dict[str, Any]) -> None:
    backend.replace_route(
        properties["RouteTableId"],
        properties["DestinationCidrBlock"],
        gateway_id=properties.get("GatewayId"),
        nat_gateway_id=properties.get("NatGatewayId"),
    )


def _deleting(delete: Callable[[Any, Any], None]) -> Callable[[Any, str, str], None]:
    def of(self: Any, account: str, region: str) -> None:
        delete(ec2_backends[account][region], self)

    return of


def _route(backend: Any, route: Any) -> None:
    backend.delete_route(route.route_table.id, route.destination_cidr_block)


def _association(backend: Any, association: Any) -> None:
    tables = backend.route_tables.values()
    known = {(subnet, id_) for table in tables for id_, subnet in table._associations.items()}  # noqa: SLF001
    for id_ in [id_ for subnet, id_ in known if subnet == association.subnet_id]:
        backend.disassociate_route_table(id_)


UPDATES: dict[type, Callable[[Any, Any, dict[str, Any]], None]] = {
    Route: _replace_route,
    Subnet: lambda _backend, subnet, properties: _map_addresses(subnet, properties),
    VPCEndPoint: lambda _backend, one, properties: setattr(one, "subnet_ids", properties.get("SubnetIds")),
}

DELETIONS: dict[type, Callable[[Any, Any], None]] = {
    ElasticAddress: lambda backend, address: backend.release_address(allocation_id=address.allocation_id),
    InternetGateway: lambda backend, gateway: backend.delete_internet_gateway(gateway.id),
    NatGateway: lambda backend, gateway: backend.delete_nat_gateway(gateway.id),
    Route: _route,
    RouteTable: lambda backend, table: backend.delete_route_table(table.id),
    SubnetRouteTableAssociation: _association,
    VPCEndPoint: lambda backend, endpoint: backend.delete_vpc_endpoints([endpoint.id]),
    VPCGatewayAttachment: lambda backend, one: backend.detach_internet_gateway(one.gateway_id, one.vpc_id),
}
