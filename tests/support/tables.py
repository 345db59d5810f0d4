"""The ledger as cloudformation/storage.yaml defines it: tests take their schema from the deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from batchkit import resources

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CREATED = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short tags (`!Sub`, `!GetAtt`, …) as `{tag: value}`."""


def _tagged(loader: TemplateLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    construct = {
        yaml.ScalarNode: loader.construct_scalar,
        yaml.SequenceNode: loader.construct_sequence,
        yaml.MappingNode: loader.construct_mapping,
    }
    return {tag: construct[type(node)](node)}


TemplateLoader.add_multi_constructor("!", _tagged)


def ledger_definition() -> dict[str, Any]:
    """The properties of the one DynamoDB table of the storage template."""
    text = resources.path("cloudformation/storage.yaml").read_text()
    template = yaml.load(text, TemplateLoader)  # noqa: S506 - a SafeLoader with tags
    (table,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::DynamoDB::Table"]
    return dict(table["Properties"])


def create_ledger(client: DynamoDBClient, name: str) -> str:
    """Create the ledger's table under `name` and return that name."""
    properties = ledger_definition()
    wanted: Any = {key: properties[key] for key in CREATED if key in properties}
    client.create_table(TableName=name, **wanted)
    return name
