"""Why CloudFormation could not do it: from the words of a failed resource to a cause and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ACTION = re.compile(r"not authorized to perform:? (?P<action>[\w-]+:\w+)")


@dataclass(frozen=True)
class StackDiagnosis:
    """A CamelCase word to group by, a sentence for people, and what to do."""

    cause: str
    message: str
    fix: str


_NO_ROLE = StackDiagnosis(
    "NoServiceRole",
    "the account has no service-linked role of that service yet, and you may not make it",
    "aws iam create-service-linked-role --aws-service-name batch.amazonaws.com, by somebody who may",
)
_QUOTA = StackDiagnosis(
    "Quota",
    "a quota of the account is used up",
    "raise it in the Service Quotas console, or remove what is not needed any more; then deploy again",
)
_PERMISSION = StackDiagnosis(
    "Permission",
    "your role lacks a permission",
    "add it (docs/deploy.md lists what deploying needs), then deploy again",
)
_TAKEN = StackDiagnosis(
    "NameTaken",
    "something of that name is there already, and is not this stack's",
    "choose another name in batchkit.toml, or remove what has it; bucket names are shared by all of AWS",
)
_RECENT = StackDiagnosis(
    "DeletedRecently",
    "something of that name was deleted moments ago",
    "wait a minute, then deploy again",
)
_NOT_EMPTY = StackDiagnosis(
    "NotEmpty",
    "something that shall go away still holds something",
    "batchkit destroy --delete-data empties buckets; or empty it yourself, then repeat the command",
)
_IN_USE = StackDiagnosis(
    "InUse",
    "something that shall go away, or change, is still used",
    "wait until no job runs (batchkit doctor), then repeat the command",
)
_THROTTLED = StackDiagnosis("Throttled", "AWS was called too often", "repeat the command in a few minutes")
_INVALID = StackDiagnosis(
    "Invalid",
    "a service does not accept a property",
    "compare [compute] and [network] of batchkit.toml with what the service says; `batchkit check --aws`",
)
_NO_CODE = StackDiagnosis(
    "NoCode",
    "the handlers' code is not in the artifacts bucket",
    "deploy again: it is uploaded before the stack that names it",
)

# By words of the reason, the more telling ones first. CloudFormation passes on what the services say, with
# its own handler's code behind it (CloudFormation CLI User Guide, "Handler error codes").
_KNOWN = (
    (re.compile(r"service.linked role", re.IGNORECASE), _NO_ROLE),
    (re.compile(r"QueueDeletedRecently|wait 60 seconds|OperationAborted|conflicting condition"), _RECENT),
    (
        re.compile(r"not authorized|AccessDenied|HandlerErrorCode: (AccessDenied|InvalidCredentials)"),
        _PERMISSION,
    ),
    (
        re.compile(r"throttl|Rate exceeded|TooManyRequests|HandlerErrorCode: Throttling", re.IGNORECASE),
        _THROTTLED,
    ),
    (
        re.compile(
            r"LimitExceeded|quota|maximum number of|HandlerErrorCode: ServiceLimitExceeded", re.IGNORECASE
        ),
        _QUOTA,
    ),
    (re.compile(r"already exists|AlreadyExists|BucketAlreadyOwnedByYou", re.IGNORECASE), _TAKEN),
    (re.compile(r"not empty|BucketNotEmpty|RepositoryNotEmpty|contains images", re.IGNORECASE), _NOT_EMPTY),
    (
        re.compile(r"in use|relationship|being modified|ResourceConflict|DependencyViolation", re.IGNORECASE),
        _IN_USE,
    ),
    (re.compile(r"NoSuchKey|S3 Error Code", re.IGNORECASE), _NO_CODE),
    (re.compile(r"HandlerErrorCode: InvalidRequest|ValidationException|ClientException|Invalid"), _INVALID),
)
_UNKNOWN = StackDiagnosis(
    "Unknown",
    "a resource could not be made as the template says",
    "correct what it names, then deploy again; what was changed is rolled back",
)


def diagnose_stack(reason: str) -> StackDiagnosis:
    """What the status reason of a failed resource means."""
    found = next((diagnosis for words, diagnosis in _KNOWN if words.search(reason)), _UNKNOWN)
    action = _ACTION.search(reason)
    if found is _PERMISSION and action:
        return StackDiagnosis(found.cause, f"your role lacks {action['action']}", found.fix)
    return found
