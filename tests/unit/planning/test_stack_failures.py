from __future__ import annotations

import pytest

from batchkit.planning.stack_failures import diagnose_stack

# The words of CloudFormation and of the services behind it.
SAID = {
    "photos-originals already exists in stack arn:aws:cloudformation:…": "NameTaken",
    "Resource handler returned message: \"Resource of type 'AWS::S3::Bucket' with identifier 'photos' already"
    ' exists." (HandlerErrorCode: AlreadyExists)': "NameTaken",
    "User: arn:aws:iam::1:user/x is not authorized to perform: iam:CreateRole on resource: y": "Permission",
    "The maximum number of VPCs has been reached. (HandlerErrorCode: ServiceLimitExceeded)": "Quota",
    "Rate exceeded (Service: Batch, Status Code: 429)": "Throttled",
    "Unable to assume the service linked role.": "NoServiceRole",
    "The bucket you tried to delete is not empty": "NotEmpty",
    "Cannot delete, found existing JobQueue relationship": "InUse",
    "resource sg-1 has a dependent object (DependencyViolation)": "InUse",
    "You must wait 60 seconds after deleting a queue": "DeletedRecently",
    "Value at 'stackName' failed": "Unknown",
    "Error occurred while GetObject. S3 Error Code: NoSuchKey": "NoCode",
    "Model validation failed (HandlerErrorCode: InvalidRequest)": "Invalid",
}


@pytest.mark.parametrize("reason", SAID)
def test_the_words_of_a_failure_tell_its_cause(reason: str) -> None:
    assert diagnose_stack(reason).cause == SAID[reason]
    assert diagnose_stack(reason).fix


def test_a_missing_permission_is_named() -> None:
    said = "User: x is not authorized to perform: iam:CreateRole on resource: y"
    assert diagnose_stack(said).message == "your role lacks iam:CreateRole"
