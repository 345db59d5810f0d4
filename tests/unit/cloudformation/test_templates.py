"""What is true of every template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cfnlint
import pytest
from support.cloud import ROOT
from support.templates import PATHS, alternatives, everywhere, template, text

from batchkit.deploy import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANNED = (plan.NETWORK, plan.STORAGE, plan.COMPUTE, plan.SCHEDULE, plan.OBSERVABILITY, plan.RULES)
TYPED = {"AllowedValues", "AllowedPattern", "MinValue", "MinLength"}
# What CloudFormation deletes and makes again under the same name, where a property that cannot be changed
# is: it would collide with itself.
NAMES = {
    "AWS::Batch::ComputeEnvironment": "ComputeEnvironmentName",
    "AWS::EC2::LaunchTemplate": "LaunchTemplateName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::Role": "RoleName",
}


@pytest.mark.parametrize("path", PATHS)
def test_cfn_lint_finds_nothing(path: str) -> None:
    found = cfnlint.lint_file(ROOT / path, config=cfnlint.ManualArgs(include_checks=["I"]))
    assert [str(match) for match in found] == []


@pytest.mark.parametrize("path", PATHS)
def test_no_check_is_switched_off_for_a_whole_template(path: str) -> None:
    assert "cfn-lint" not in template(path).get("Metadata", {})


@pytest.mark.parametrize("path", PATHS)
def test_every_parameter_and_output_says_what_it_is(path: str) -> None:
    whole = template(path)
    for entry in (*whole["Parameters"].values(), *whole["Outputs"].values()):
        assert entry["Description"]


@pytest.mark.parametrize("path", PATHS)
def test_every_parameter_is_checked_before_anything_is_made(path: str) -> None:
    unchecked = {
        name
        for name, parameter in template(path)["Parameters"].items()
        if not TYPED & set(parameter) and not parameter["Type"].startswith(("AWS::", "List<AWS::"))
    }
    # Two lists of names: CloudFormation checks no pattern in a list's members.
    assert unchecked <= {"InstanceTypes"}


@pytest.mark.parametrize("path", PATHS)
def test_every_template_says_how_to_deploy_it_alone(path: str) -> None:
    head = text(path).partition("Parameters:")[0]
    (command,) = re.findall(r"# aws cloudformation deploy (?:.*\\\n# )*.*", head)
    assert f"--template-file {path}" in command
    assert ("CAPABILITY_IAM" in command) is ("AWS::IAM::" in text(path))


def test_nothing_has_a_name_that_its_own_replacement_would_want() -> None:
    named = [
        (kind, name) for kind, name in NAMES.items() for found in everywhere(kind).values() if name in found
    ]
    assert named == []


def test_every_template_is_one_of_the_plan_s() -> None:
    assert sorted(PLANNED) == PATHS


def test_every_log_group_is_encrypted_ends_its_logs_some_day_and_goes_with_its_stack() -> None:
    for path in PATHS:
        for resource in template(path)["Resources"].values():
            if resource["Type"] == "AWS::Logs::LogGroup":
                assert resource["Properties"]["RetentionInDays"] == {"Ref": "LogRetention"}
                assert list(alternatives(resource["Properties"]["KmsKeyId"])) == [{"Ref": "KmsKeyArn"}]
                assert resource["DeletionPolicy"] == "Delete"


def unencrypted(value: Any) -> Iterator[str]:
    """Addresses in a part of a template that are not TLS."""
    return iter(re.findall(r"http://\S+", str(value)))


@pytest.mark.parametrize("path", PATHS)
def test_nothing_speaks_without_tls(path: str) -> None:
    assert list(unencrypted(template(path)["Resources"])) == []
