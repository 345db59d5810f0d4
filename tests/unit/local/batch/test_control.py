"""Reading moto's control plane."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchkit.local.batch.control import MotoControl
from batchkit.local.batch.faults import BatchFault

ARN = "arn:aws:batch:eu-west-1:123456789012"


def definition(revision: int, status: str = "ACTIVE", **described: Any) -> SimpleNamespace:
    arn = f"{ARN}:job-definition/worker:{revision}"
    found = {"jobDefinitionArn": arn, "revision": revision, "parameters": {}, **described}
    return SimpleNamespace(
        name="worker", revision=revision, arn=arn, status=status, describe=lambda: dict(found)
    )


def control(*definitions: SimpleNamespace, queue: Any = None) -> MotoControl:
    known = {each.arn: each for each in definitions}
    return MotoControl(SimpleNamespace(_job_definitions=known, get_job_queue=lambda ref: queue))


@pytest.mark.parametrize("ref", ["worker", f"{ARN}:job-definition/worker"])
def test_without_a_revision_the_latest_active_one_counts(ref):
    reader = control(definition(9), definition(10), definition(11, "INACTIVE"))
    assert reader.definition(ref)["revision"] == 10


@pytest.mark.parametrize("ref", ["worker:9", f"{ARN}:job-definition/worker:9"])
def test_a_revision_can_be_named(ref):
    assert control(definition(9), definition(10)).definition(ref)["revision"] == 9


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        ("worker:11", "JobDefinition name worker:11 does not exist or is not in ACTIVE status"),
        ("work", "JobDefinition name work does not exist"),
        (f"{ARN}:job-definition/x", f"JobDefinition {ARN}:job-definition/x not found."),
    ],
)
def test_an_unknown_or_inactive_definition_is_refused(ref, text):
    with pytest.raises(BatchFault) as refusal:
        control(definition(9), definition(11, "INACTIVE")).definition(ref)
    assert refusal.value.message.startswith(text)


def test_empty_parameters_survive_cloudformation():
    assert control(definition(1, parameters={"key": [], "n": "1"})).definition("worker")["parameters"] == {
        "key": "",
        "n": "1",
    }


def test_a_queue_brings_its_environments_with_numbers_as_numbers():
    spot = SimpleNamespace(arn="a", name="spot", state="ENABLED", compute_resources={"maxvCpus": "16"})
    off = SimpleNamespace(arn="b", name="off", state="DISABLED", compute_resources={"maxvCpus": 4})
    found = SimpleNamespace(
        arn="q", name="bulk", priority="5", environments=[spot, off], state="ENABLED", schedule_policy=None
    )
    queue = control(queue=found).queue("bulk")
    assert (queue.priority, queue.enabled, queue.fair_share) == (5, True, False)
    assert [each.capacity.vcpus for each in queue.environments] == [16.0, 4.0]
    assert [each.enabled for each in queue.environments] == [True, False]
    assert queue.environments[0].capacity.memory == 16 * 8192


def test_an_unknown_queue_is_refused():
    with pytest.raises(BatchFault, match=r"JobQueue nowhere not found\."):
        control().queue("nowhere")


def test_the_real_backend_of_moto_has_what_is_read():
    from moto.batch.models import batch_backends
    from moto.core import DEFAULT_ACCOUNT_ID

    backend = batch_backends[DEFAULT_ACCOUNT_ID]["eu-west-3"]
    backend.register_job_definition(
        def_name="worker",
        parameters={"key": "x"},
        _type="container",
        tags={},
        retry_strategy={"attempts": 2},
        container_properties={"image": "i", "vcpus": 1, "memory": 128},
        node_properties=None,
        eks_properties=None,
        timeout={"attemptDurationSeconds": 90},
        platform_capabilities=[],
        propagate_tags=False,
    )
    try:
        found = MotoControl(backend).definition("worker")
        assert found["timeout"] == {"attemptDurationSeconds": 90}
        assert found["containerProperties"]["image"] == "i"
    finally:
        backend.reset()
