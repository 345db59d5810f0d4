from __future__ import annotations

from batchkit.planning.idle_cost import idle_lines, total


def test_gateways_and_interface_endpoints_cost_by_the_hour_and_zone() -> None:
    lines = idle_lines(
        [
            ("Nat", "AWS::EC2::NatGateway", {}),
            ("Ecr", "AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}),
            ("S3", "AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}),
            ("Queue", "AWS::Batch::JobQueue", {}),
        ]
    )
    assert {line.resource: round(line.monthly, 2) for line in lines} == {"Nat": 32.85, "Ecr": 14.6}
    assert all(line.date and line.source for line in lines)


def test_an_environment_costs_only_the_vcpus_that_never_stop() -> None:
    def cost(minimum: int) -> float:
        resources = {"ComputeResources": {"MinvCpus": minimum}}
        return sum(line.monthly for line in idle_lines([("E", "AWS::Batch::ComputeEnvironment", resources)]))

    assert cost(0) == 0
    assert cost(2) > 20


def test_an_alarm_costs_for_each_metric_that_it_watches() -> None:
    arithmetic = [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a / b"}]
    lines = idle_lines(
        [
            ("Plain", "AWS::CloudWatch::Alarm", {"MetricName": "RunsFailed"}),
            ("Share", "AWS::CloudWatch::Alarm", {"Metrics": arithmetic}),
        ]
    )
    assert {line.resource: round(line.monthly, 2) for line in lines} == {"Plain": 0.1, "Share": 0.2}


def test_what_an_account_has_free_is_told_apart() -> None:
    lines = idle_lines([("A", "AWS::CloudWatch::Alarm", {}), ("D", "AWS::CloudWatch::Dashboard", {})])
    assert total(lines) == 0
    assert [round(line.monthly, 2) for line in lines] == [0.10, 3.00]
