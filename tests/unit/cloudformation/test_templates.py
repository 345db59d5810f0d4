"""What is true of every template."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import cfnlint
import pytest
from support.cloud import ROOT
from support.templates import PATHS, alternatives, everywhere, template, text

from batchkit.deploy import steps
from batchkit.planning import names
from batchkit.planning.uploads import MAX_PATTERN_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANNED = (steps.NETWORK, steps.STORAGE, steps.COMPUTE, steps.SCHEDULE, steps.OBSERVABILITY, steps.RULES)
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
def test_a_template_is_small_enough_to_be_sent(path: str) -> None:
    # CloudFormation quotas: 51,200 bytes in a request; a larger one would have to lie in a bucket.
    assert len(text(path).encode()) <= 51_200


@pytest.mark.parametrize("rule", everywhere("AWS::Events::Rule").values())
def test_a_pattern_is_short_enough_with_the_longest_names(rule: dict[str, Any]) -> None:
    # Those that are parameters are measured where they are made (batchkit.project.check).
    longest = json.dumps(rule["EventPattern"], separators=(",", ":")).replace("${Project}", "p" * 31)
    filled = longest.replace("${AWS::AccountId}", "1" * 12).replace("${AWS::Region}", "mexico-central-1")
    assert len(filled) <= MAX_PATTERN_CHARACTERS


@pytest.mark.parametrize("path", PATHS)
def test_what_checkov_skips_says_why(path: str) -> None:
    # `make audit` runs it; a skip stands with its resource.
    skipped = [line.strip() for line in text(path).splitlines() if "checkov:skip" in line]
    assert [line for line in skipped if not re.fullmatch(r"# checkov:skip=CKV\w+:\w.{10,}", line)] == []


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


@pytest.mark.parametrize(
    "key", [names.recipe_key("d"), names.plan_key("r"), names.index_key("r"), names.manifest_key("r")]
)
def test_the_end_of_a_run_may_read_all_that_it_looks_at(key: str) -> None:
    role = template("eventbridge/rules.yaml")["Resources"]["CompletionRole"]
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    readable = [
        resource["Sub"].partition("${ArtifactsBucketName}/")[2]
        for statement in statements
        if statement.get("Action") == "s3:GetObject"
        for resource in statement["Resource"]
    ]
    assert any(fnmatch(key, pattern) for pattern in readable if pattern)
