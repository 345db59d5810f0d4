"""CloudFormation in moto with its gaps closed: each test fails without the gap that its name is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from moto.events.models import Rule
from moto.s3.models import S3Backend
from support.stack_world import ACCOUNT, REGION, zipped

from batchkit.local.moto_gaps import GAPS
from batchkit.local.moto_patches import Patches

if TYPE_CHECKING:
    from support.stack_world import StackWorld


def deploy(world: StackWorld, name: str, resources: dict[str, Any], **more: Any) -> dict[str, str]:
    """Creates or updates a CloudFormation stack; its outputs."""
    cloudformation = world.client("cloudformation")
    body = json.dumps({"Resources": resources, **more.pop("template", {})})
    known = [each["StackName"] for each in cloudformation.describe_stacks()["Stacks"]]
    put = cloudformation.update_stack if name in known else cloudformation.create_stack
    put(StackName=name, TemplateBody=body, **more)
    described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}


def queue(name: str) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}


def policy_of(queue_name: str) -> dict[str, Any]:
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document},
    }


def test_a_bucket_tells_eventbridge_and_a_queue_policy_lets_it_send(world: StackWorld) -> None:
    bucket = {
        "BucketName": "from-cfn",
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    rule = {
        "EventPattern": {"detail": {"bucket": {"name": ["from-cfn"]}}},
        "Targets": [{"Id": "1", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
    }
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": bucket},
        "Queue": queue("from-cfn"),
        "Policy": policy_of("from-cfn"),
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }
    deploy(world, "buckets", resources)
    world.s3.put_object(Bucket="from-cfn", Key="a", Body=b"")
    [event] = world.bodies(f"arn:aws:sqs:{REGION}:{ACCOUNT}:from-cfn")
    assert "version-id" in event["detail"]["object"]


def test_a_pattern_may_be_a_parameter_with_json_text(world: StackWorld) -> None:
    resources = {
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"Name": "by-text", "EventPattern": {"Ref": "Pattern"}, "State": "ENABLED"},
        }
    }
    template = {"Parameters": {"Pattern": {"Type": "String"}}}
    for source in ("one", "two"):
        pattern = json.dumps({"source": [source]})
        parameters = [{"ParameterKey": "Pattern", "ParameterValue": pattern}]
        deploy(world, "patterns", resources, template=template, Parameters=parameters)
        assert json.loads(world.events.describe_rule(Name="by-text")["EventPattern"]) == {"source": [source]}


def test_a_target_that_aws_refuses_is_refused_here(world: StackWorld) -> None:
    world.events.put_rule(Name="checked", EventPattern='{"source": ["x"]}')
    transformer = {"InputPathsMap": {}, "InputTemplate": '"<gone>"'}
    target = {"Id": "1", "Arn": world.queue("checked"), "InputTransformer": transformer}
    with pytest.raises(world.events.exceptions.ClientError, match="invalid placeholder gone"):
        world.events.put_targets(Rule="checked", Targets=[target])


def test_a_job_definition_keeps_its_timeout(world: StackWorld) -> None:
    properties = {
        "JobDefinitionName": "timed",
        "Type": "container",
        "RetryStrategy": {"Attempts": 1},
        "Timeout": {"AttemptDurationSeconds": 120},
        "ContainerProperties": {
            "Image": "i",
            "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "512"}],
        },
    }
    deploy(
        world, "definitions", {"Definition": {"Type": "AWS::Batch::JobDefinition", "Properties": properties}}
    )
    [found] = world.client("batch").describe_job_definitions(jobDefinitionName="timed")["jobDefinitions"]
    assert found["timeout"] == {"attemptDurationSeconds": 120}


def test_a_topic_gets_its_policy_and_its_subscription(world: StackWorld) -> None:
    document = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": {"Ref": "Topic"},
            }
        ]
    }
    subscription = {
        "TopicArn": {"Ref": "Topic"},
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
        "RawMessageDelivery": True,
    }
    rule = {
        "EventPattern": {"detail": {"topic": [1]}},
        "Targets": [{"Id": "1", "Arn": {"Ref": "Topic"}, "InputPath": "$.detail"}],
    }
    resources = {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "from-cfn"}},
        "Queue": queue("subscriber"),
        "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": document},
        },
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }
    deploy(world, "topics", resources)
    world.put_event({"topic": 1})
    assert world.bodies(f"arn:aws:sqs:{REGION}:{ACCOUNT}:subscriber") == [{"topic": 1}]


def test_an_update_keeps_outputs_of_resources_that_moto_cannot_update(world: StackWorld) -> None:
    def version(description: str) -> tuple[dict[str, Any], dict[str, Any]]:
        role = {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "Description": description,
        }
        group = {"LogGroupName": "/outputs", "RetentionInDays": 7 if description == "one" else 14}
        resources = {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": group},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "x", "Note": description}},
        }
        outputs = {
            "Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
            "Logs": {"Value": {"Ref": "Logs"}},
            "Policy": {"Value": {"Ref": "Policy"}},
        }
        return resources, {"Outputs": outputs}

    for description in ("one", "two"):
        resources, template = version(description)
        outputs = deploy(world, "outputs", resources, template=template, Capabilities=["CAPABILITY_IAM"])
        assert set(outputs) == {"Role", "Logs", "Policy"}


def test_a_function_from_a_bucket_keeps_its_dead_letters_when_its_code_changes(world: StackWorld) -> None:
    world.bucket("code")
    role = world.role("cfn-function", "lambda.amazonaws.com", "sqs:SendMessage")
    dead = world.queue("cfn-function-dead")
    for answer in ("one", "two"):
        code = zipped({"task.py": f"def handler(event, context): return {answer!r}"})
        world.s3.put_object(Bucket="code", Key=f"{answer}.zip", Body=code)
        properties = {
            "FunctionName": "from-cfn",
            "Runtime": "python3.13",
            "Handler": "task.handler",
            "Role": role,
            "Code": {"S3Bucket": "code", "S3Key": f"{answer}.zip"},
            "DeadLetterConfig": {"TargetArn": dead},
        }
        deploy(world, "functions", {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}})
        payload = world.client("lambda").invoke(FunctionName="from-cfn")["Payload"]
        assert json.load(payload) == answer
        assert world.stack.backends.of("lambda").get_function("from-cfn").dead_letter_arn == dead


def test_a_resource_that_cannot_be_created_is_an_error_with_its_reason(world: StackWorld) -> None:
    cloudformation = world.client("cloudformation")
    definition = {"Type": "AWS::Batch::JobQueue", "Properties": {"Priority": 1}}
    with pytest.raises(cloudformation.exceptions.ClientError) as caught:
        cloudformation.create_stack(
            StackName="broken", TemplateBody=json.dumps({"Resources": {"Queue": definition}})
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "ComputeEnvironmentOrder" in str(caught.value)


def test_a_deleted_stack_takes_its_queue_with_it(world: StackWorld) -> None:
    deploy(world, "short-lived", {"Queue": queue("short-lived"), "Policy": policy_of("short-lived")})
    world.client("cloudformation").delete_stack(StackName="short-lived")
    urls = world.sqs.list_queues(QueueNamePrefix="short-lived").get("QueueUrls", [])
    assert urls == []


def test_what_has_no_value_is_left_out_of_lists_and_a_cidr_is_cut(world: StackWorld) -> None:
    blocks = {"Fn::Cidr": ["10.9.0.0/16", 4, 14]}
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": {"Fn::Select": [1, blocks]},
                "MapPublicIpOnLaunch": {"Fn::If": ["Never", False, True]},
                "Tags": [{"Fn::If": ["Never", {"Key": "a", "Value": "b"}, {"Ref": "AWS::NoValue"}]}],
            },
        },
    }
    template = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Outputs": {"Subnet": {"Value": {"Ref": "Subnet"}}},
    }
    made = deploy(world, "subnets", resources, template=template)["Subnet"]
    (subnet,) = world.client("ec2").describe_subnets(SubnetIds=[made])["Subnets"]
    assert (subnet["CidrBlock"], subnet["MapPublicIpOnLaunch"]) == ("10.9.64.0/18", True)


def test_every_gap_says_what_moto_does_and_leaves_no_trace(world: StackWorld) -> None:
    watched = [
        (S3Backend, "put_object"),
        (S3Backend, "delete_object"),
        (Rule, "create_from_cloudformation_json"),
    ]
    before = [vars(owner)[name] for owner, name in watched]
    with Patches() as patches:
        for gap in GAPS:
            assert gap.__doc__
            gap(patches)
        assert [vars(owner)[name] for owner, name in watched] != before
    assert [vars(owner)[name] for owner, name in watched] == before
