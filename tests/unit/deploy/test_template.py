from __future__ import annotations

from pathlib import Path

import pytest
from support.cloud import ROOT

from batchkit.deploy.template import Template, parse
from batchkit.errors import ConfigError

TEXT = """
Parameters:
  Kind: {Type: String, Default: spot}
  Subnets: {Type: CommaDelimitedList}
Mappings:
  Sizes: {spot: {vcpus: 2}}
Conditions:
  Spot: !Equals [!Ref Kind, spot]
  Large: !And [!Condition Spot, !Not [!Equals [a, b]]]
Resources:
  Made:
    Type: A::B::C
    Condition: Large
    DeletionPolicy: Retain
    Properties:
      Name: !Sub "${AWS::Region}-${Kind}-${Other.Arn}-${!Literal}"
      Own: !Sub ["${x}", {x: !Ref Kind}]
      First: !Select [0, !Ref Subnets]
      All: !Join [",", !Ref Subnets]
      Size: !FindInMap [Sizes, !Ref Kind, vcpus]
      Gone: !If [Spot, !Ref AWS::NoValue, x]
      List: [!If [Spot, !Ref AWS::NoValue, x], y]
      Other: !GetAtt Other.Arn
  Other: {Type: D::E::F}
Outputs:
  Kind: {Value: !Ref Kind}
"""


def test_parameters_and_conditions_are_put_in_and_other_resources_stay_references() -> None:
    made = Template(TEXT, {"Subnets": "s-1,s-2"}, {"AWS::Region": "eu-west-1"}).resources["Made"]
    assert made.is_retained
    assert made.properties == {
        "Name": "eu-west-1-spot-${Other.Arn}-${Literal}",
        "Own": "spot",
        "First": "s-1",
        "All": "s-1,s-2",
        "Size": 2,
        "List": ["y"],
        "Other": {"Fn::GetAtt": ["Other", "Arn"]},
    }


def test_what_no_condition_asks_for_is_not_there() -> None:
    template = Template(TEXT, {"Kind": "fargate", "Subnets": "s-1"})
    assert set(template.resources) == {"Other"}
    assert template.outputs == {"Kind": "fargate"}
    assert template.required == {"Subnets"}


@pytest.mark.parametrize("text", ["a: [", "- 1"])
def test_what_is_no_template_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)


OURS = sorted(path for folder in ("cloudformation", "eventbridge") for path in (ROOT / folder).glob("*.yaml"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_every_template_of_ours_can_be_read(path: Path) -> None:
    assert parse(path.read_text())["Resources"]
