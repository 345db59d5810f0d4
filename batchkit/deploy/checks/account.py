"""Credentials, region, quotas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batchkit.aws.quotas import Quotas
from batchkit.deploy.checks.result import Place, Result
from batchkit.errors import BatchkitError


def identity(place: Place) -> Iterator[Result]:
    """Whose credentials, and which region. Planning has asked already: these two cannot fail here."""
    yield Result("credentials", "ok", f"account {place.site.account}")
    yield Result("region", "ok", place.site.region)


@dataclass(frozen=True)
class Quota:
    """A quota by its code: what it counts."""

    service: str
    code: str
    what: str


# Service Quotas console, "AWS Fargate" and "Amazon EC2".
FARGATE = Quota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count")
FARGATE_SPOT = Quota("fargate", "L-36FBB829", "Fargate Spot vCPU resource count")
EC2_SPOT = Quota("ec2", "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests")
EC2 = Quota("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances")

USED = {"ec2-spot": (EC2_SPOT, EC2), "fargate-spot": (FARGATE_SPOT, FARGATE), "fargate": (FARGATE,)}


def quotas(place: Place) -> Iterator[Result]:
    """vCPU quotas against max_vcpus: a low one makes runs slow, one below a child stops them."""
    compute, quotas_ = place.project.compute, Quotas(place.clients.service_quotas)
    for number, quota in enumerate(USED[compute.type]):
        wanted = compute.max_vcpus if number == 0 else compute.vcpus
        try:
            value = quotas_.value(quota.service, quota.code)
        except BatchkitError as error:
            fix = "give the role servicequotas:GetServiceQuota, or look at the Service Quotas console"
            yield Result("quotas", "unknown", f"{quota.what} could not be read: {error.found}", fix)
            continue
        yield _compared(quota, value, wanted, compute.vcpus)


def _compared(quota: Quota, value: float, wanted: float, child: float) -> Result:
    text = f"{quota.what}: {value:g} vCPUs, {wanted:g} wanted"
    fix = (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service}"
        f" --quota-code {quota.code} --desired-value {wanted:g}"
    )
    if value >= wanted:
        return Result("quotas", "ok", text)
    meaning = "not even one child fits" if value < child else "fewer children run at once"
    return Result("quotas", "warning", f"{text}: {meaning}", fix)
