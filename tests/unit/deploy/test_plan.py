from __future__ import annotations

import dataclasses
import json
import math
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.projects import photos

from batchkit import canonical
from batchkit.aws.objects import Head
from batchkit.deploy import code
from batchkit.deploy.parameters import capacity
from batchkit.deploy.plan import plan
from batchkit.deploy.steps import File, FromOutput, Plan, Removal, Site, Stack, Step
from batchkit.gallery.changing import decoded
from batchkit.planning import names
from batchkit.planning.uploads import UploadRules
from batchkit.project import document
from batchkit.project.tables import Alarms, Network, Output, Schedule
from batchkit.runs import orders

SITE = Site("123456789012", "eu-west-1", "photos-worker:1")
CODE = code.Code(b"zip")


def planned(tasks: int = 3) -> Plan:
    return plan(photos(tasks), SITE, CODE)


def stacks(of: Plan) -> dict[str, Stack]:
    return {step.name: step for step in of.steps if isinstance(step, Stack)}


def test_what_others_point_to_comes_first_and_the_rules_come_last() -> None:
    recipe, project = photos(3).recipe, document.encode(photos(3))
    bucket = "s3://photos-123456789012-eu-west-1"
    assert [str(step) for step in planned().steps if not is_of_gallery(step)] == [
        "stack photos-network (cloudformation/network.yaml)",
        "stack photos-storage (cloudformation/storage.yaml)",
        f"{bucket}/recipes/{recipe.digest}.json ({len(recipe.document)} bytes)",
        f"{bucket}/projects/{canonical.digest(project)}.json ({len(project)} bytes)",
        f"{bucket}/code/{canonical.digest(b'zip')}.zip (3 bytes)",
        "stack photos-compute (cloudformation/compute.yaml)",
        "stack photos-schedule (cloudformation/schedule.yaml)",
        "stack photos-rules (eventbridge/rules.yaml)",
        "no stack photos-observability",
    ]


def is_of_gallery(step: Step) -> bool:
    return isinstance(step, File) and step.key.startswith(names.GALLERY)


def test_the_gallerys_page_goes_into_the_output_bucket_before_the_rule_that_fills_it() -> None:
    steps = planned().steps
    page = [step for step in steps if isinstance(step, File) and is_of_gallery(step)]
    assert {step.bucket for step in page} == {"photos-variants"}
    assert {names.gallery_file("index.html"), names.gallery_settings()} <= {step.key for step in page}
    rules = next(step for step in steps if isinstance(step, Stack) and step.name == "photos-rules")
    assert steps.index(page[-1]) < steps.index(rules)
    assert stacks(planned())["photos-rules"].parameters["Gallery"] == "on"


def test_a_file_of_the_page_is_put_again_when_its_content_is_another() -> None:
    page = next(step for step in planned().steps if isinstance(step, File) and is_of_gallery(step))
    head = Head("photos-variants", page.key, "etag", 1, 1, page.metadata)
    assert page.is_there(head)
    assert not page.is_there(dataclasses.replace(head, metadata={"batchkit-content": "another"}))
    assert not page.is_there(None)


def test_an_empty_gallery_is_put_only_where_there_is_none() -> None:
    files = [step for step in planned().steps if isinstance(step, File)]
    (directory,) = (step for step in files if step.first)
    assert directory.key == names.gallery_directory()
    assert decoded(directory.body, directory.key)["parts"] == []
    assert directory.is_there(Head("photos-variants", directory.key, "etag", 1, 1, {}))
    assert not directory.is_there(None)


def test_a_plan_is_data_that_compares() -> None:
    assert planned() == planned()
    assert planned(2) != planned()


def test_every_template_gets_parameters_that_it_has_and_all_that_it_needs() -> None:
    for stack in stacks(planned()).values():
        declared = yaml.load(stack.template, Loader)["Parameters"]  # noqa: S506  it is a safe loader
        needed = {name for name, parameter in declared.items() if "Default" not in parameter}
        assert needed <= set(stack.parameters) <= set(declared)


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's own tags as nothing."""


Loader.add_multi_constructor("!", lambda *_: None)


def test_jobs_run_in_the_network_that_the_plan_makes() -> None:
    parameters = stacks(planned())["photos-compute"].parameters
    assert parameters["Subnets"] == FromOutput("photos-network", "Subnets")
    assert parameters["SecurityGroups"] == FromOutput("photos-network", "SecurityGroups")
    assert parameters["AssignPublicIp"] == "ENABLED"


@pytest.mark.parametrize(("egress", "public"), [("public-ip", "ENABLED"), ("nat", "DISABLED")])
def test_in_given_subnets_there_is_no_network_to_make_and_one_made_before_goes_last(
    egress: Literal["public-ip", "nat"], public: str
) -> None:
    network = Network(egress=egress, subnets=("subnet-11", "subnet-22"), security_groups=("sg-11",))
    changed = plan(dataclasses.replace(photos(2), network=network), SITE, CODE)
    parameters = stacks(changed)["photos-compute"].parameters
    assert (parameters["Subnets"], parameters["SecurityGroups"]) == ("subnet-11,subnet-22", "sg-11")
    assert parameters["AssignPublicIp"] == public
    assert "photos-network" not in stacks(changed)
    assert changed.steps[-1] == Removal("photos-network")


def test_the_rules_carry_recipe_and_array_size_together() -> None:
    parameters = stacks(planned())["photos-rules"].parameters
    (recipe, _, file) = [
        step for step in planned().steps if isinstance(step, File) and not is_of_gallery(step)
    ]
    assert parameters["Tasks"] == "3"
    assert names.recipe_key(parameters["Recipe"]) == recipe.key
    assert parameters["CodeKey"] == file.key
    assert UploadRules.from_json(parameters["Uploads"]) == photos(3).upload_rules


def test_jobs_and_handlers_have_the_same_rules_for_uploads() -> None:
    found = stacks(planned())
    assert found["photos-compute"].parameters["Uploads"] == found["photos-rules"].parameters["Uploads"]


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("{dir}/{name}", ""),
        ("variants/{dir}/{name}", "variants/"),
        ("variants/größe/{name}", "variants/gr"),
        ("變體/{name}", ""),
        ("a b~{name}", "a b~"),
        ("all*/{name}", "all"),
        ("what?/{name}", "what"),
        ("us$/{name}", "us"),
    ],
)
def test_a_job_may_write_below_what_all_outputs_begin_with(key: str, prefix: str) -> None:
    project = dataclasses.replace(photos(2), output=Output(bucket="photos-variants", key=f"{key}-{{task}}"))
    assert stacks(plan(project, SITE, CODE))["photos-compute"].parameters["OutputPrefix"] == prefix


def test_the_image_s_repository_is_known_where_it_is_ecr_s() -> None:
    theirs = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/worker@sha256:0"
    elsewhere = plan(photos(2), dataclasses.replace(SITE, image=theirs), CODE)
    arn = "arn:aws:ecr:eu-west-1:210987654321:repository/team/worker"
    assert stacks(elsewhere)["photos-compute"].parameters["ImageRepositoryArn"] == arn
    assert stacks(planned())["photos-compute"].parameters["ImageRepositoryArn"] == ""


def test_another_recipe_changes_what_uploads_and_sweeps_do_and_nothing_else() -> None:
    before, after = stacks(planned(3)), stacks(planned(2))
    assert [name for name in before if before[name] != after[name]] == ["photos-schedule", "photos-rules"]


def test_without_alarms_nothing_is_published_and_a_stack_of_before_goes() -> None:
    assert planned().steps[-1] == Removal("photos-observability")
    found = stacks(planned())
    assert {found[f"photos-{part}"].parameters["Metrics"] for part in ("compute", "rules")} == {"DISABLED"}


def test_alarms_publish_and_watch_last_of_all() -> None:
    project = dataclasses.replace(photos(2), alarms=Alarms(email="ops@example.com", rejected_percent=5))
    steps, found = plan(project, SITE, CODE).steps, stacks(plan(project, SITE, CODE))
    assert {found[f"photos-{part}"].parameters["Metrics"] for part in ("compute", "rules")} == {"ENABLED"}
    assert steps[-1] == found["photos-observability"]
    parameters = found["photos-observability"].parameters
    assert (parameters["Email"], parameters["RejectedPercent"]) == ("ops@example.com", "5")
    # Fargate Spot with 1 vCPU and 2 GB, and a public address.
    hour = float(parameters["UsdPerSecond"]) * 3600
    assert hour == pytest.approx(0.35 * (0.04048 + 2 * 0.004445) + 0.005, rel=1e-3)


def test_a_sweep_is_an_order_that_the_operations_job_reads() -> None:
    schedule = Schedule(sweep="rate(1 day)", max_cost=2.5)
    parameters = stacks(plan(dataclasses.replace(photos(2), schedule=schedule), SITE, CODE))
    order = json.loads(parameters["photos-schedule"].parameters["SweepOrder"])
    assert orders.parse(order) == orders.Sweep(max_cost=2.5)


@given(
    st.sampled_from(["ec2-spot", "fargate-spot"]),
    st.integers(1, 5000),
    st.sampled_from([0.25, 1.0, 2.0, 16.0]),
)
def test_spot_and_its_fallback_stay_within_the_limit_and_each_fits_a_child(
    kind: str, limit: int, vcpus: float
) -> None:
    compute = photos(1, kind).compute
    changed = type(compute)(type=kind, max_vcpus=limit, vcpus=vcpus, memory=compute.memory)  # type: ignore[arg-type]
    first, fallback = capacity(changed)
    assert min(first, fallback) >= vcpus
    assert first + fallback <= max(limit, 2 * math.ceil(vcpus))


@pytest.mark.parametrize("limit", [1, 256])
def test_without_spot_the_limit_is_the_limit(limit: int) -> None:
    compute = photos(1, "fargate").compute
    assert capacity(type(compute)(type="fargate", max_vcpus=limit))[0] == limit


def test_no_name_is_longer_than_aws_allows() -> None:
    longest, region = "a" * 31, "mexico-central-1"
    bucket = names.artifacts_bucket(longest, "1" * 12, region)
    assert len(bucket) <= 63
    # 64 is the limit of Lambda's and of EventBridge's names; this is the longest of eventbridge/rules.yaml.
    assert len(f"{longest}-rejected-upload") <= 64
