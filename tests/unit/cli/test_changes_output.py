from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.cli.changes_output import print_previews, summary
from batchkit.deploy.preview import FilePreview, StackPreview
from batchkit.deploy.steps import File, Stack
from batchkit.planning.stack_changes import Change, Difference, changed_parameters

if TYPE_CHECKING:
    import pytest

STACK = Stack("photos-storage", "t.yaml", "", {})


def test_a_diff_says_what_happens_to_each_resource_and_which_values_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    changes = (
        Change("Remove", "Old", "AWS::SNS::Topic", policy="Delete"),
        Change(
            "Modify",
            "Jobs",
            "AWS::Batch::JobDefinition",
            replacement="False",
            differences=(Difference("Memory", "2048", "4096"),),
        ),
        Change(
            "Modify",
            "Table",
            "AWS::DynamoDB::Table",
            replacement="True",
            policy="ReplaceAndDelete",
            differences=(Difference("TableName", "a", "b", recreates=True),),
        ),
        Change("Remove", "Bucket", "AWS::S3::Bucket", policy="Retain"),
    )
    parameters = changed_parameters({"Memory": "2048", "Gone": "x"}, {"Memory": "4096", "New": ""})
    file = FilePreview(File("b", "k", b"12", "text/plain"), is_there=False)
    print_previews([StackPreview(STACK, "update", "UPDATE_COMPLETE", parameters, changes)], [file])

    assert capsys.readouterr().out.splitlines() == [
        "stack photos-storage changes: 1 to change, 1 to replace, 1 to remove, 1 to keep",
        "  parameter Gone: x -> (none)",
        "  parameter Memory: 2048 -> 4096",
        '  parameter New: (none) -> ""',
        "  ~ Jobs    AWS::Batch::JobDefinition",
        "      Memory: 2048 -> 4096",
        "  -/+ Table   AWS::DynamoDB::Table  is replaced",
        "      TableName: a -> b  (replaces it)",
        "  - Old     AWS::SNS::Topic",
        "  = Bucket  AWS::S3::Bucket  is left, unmanaged",
        "files",
        "  + s3://b/k (2 bytes)",
        "",
        "Table (AWS::DynamoDB::Table) is replaced: what it holds is lost",
    ]


def test_of_two_long_values_what_differs_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    before, after = "x" * 100 + "old", "x" * 100 + "new"
    parameters = changed_parameters({"P": before}, {"P": after})
    print_previews([StackPreview(STACK, "update", "", parameters)], [])
    line = capsys.readouterr().out.splitlines()[1]
    assert "old -> …" in line
    assert line.endswith("new")


def test_what_stays_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_previews([StackPreview(STACK, "unchanged")], [])
    assert capsys.readouterr().out == "stack photos-storage stays as it is\n"


def test_text_of_the_world_cannot_draw_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_previews([StackPreview(STACK, "update", "", changed_parameters({"P": "a"}, {"P": "\x1b[2J"}))], [])
    assert "\x1b[2J" not in capsys.readouterr().out


def test_a_summary_counts_by_verb() -> None:
    assert summary([Change("Add", "A", "T"), Change("Add", "B", "T")]) == "2 to add"
    assert summary([]) == ""
