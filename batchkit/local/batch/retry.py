"""`retryStrategy`: whether a failed attempt is repeated (AWS Batch User Guide, "Automated job retries")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batchkit.local.batch import limits
from batchkit.local.batch.faults import refused
from batchkit.local.batch.model import Attempt, Retry, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

# API reference, EvaluateOnExit: letters, digits, periods, colons, white space; one asterisk, at the end.
_TEXT_PATTERN = re.compile(r"[A-Za-z0-9.:\s]*\*?")
_CODE_PATTERN = re.compile(r"[0-9]*\*?")


def parse(strategy: Mapping[str, Any]) -> Retry:
    """The wire form of a retry strategy as data. Raises ClientException for what Batch refuses."""
    attempts = strategy.get("attempts")
    entries = strategy.get("evaluateOnExit") or ()
    if attempts is None and entries:
        raise refused("Attempts must be specified when evaluateOnExit is specified")
    if len(entries) > limits.MAX_EVALUATE_ON_EXIT:
        raise refused(f"EvaluateOnExit cannot have more than {limits.MAX_EVALUATE_ON_EXIT} entries")
    return Retry(limits.attempts(attempts), tuple(_rule(entry) for entry in entries))


def is_repeated(retry: Retry, used: int, last: Attempt) -> bool:
    """Whether the failed attempt `last`, the `used`th of its job, is followed by another one."""
    return used < retry.attempts and decides_to_retry(retry.rules, last)


def decides_to_retry(rules: tuple[Rule, ...], attempt: Attempt) -> bool:
    """The first rule whose conditions all match decides; when none matches, the job is retried."""
    for rule in rules:
        if _matches(rule, attempt):
            return rule.retry
    return True


def _matches(rule: Rule, attempt: Attempt) -> bool:
    code = None if attempt.exit_code is None else str(attempt.exit_code)
    return (
        _glob(rule.on_status_reason, attempt.status_reason)
        and _glob(rule.on_reason, attempt.reason or "")
        and _glob(rule.on_exit_code, code)
    )


def _glob(pattern: str | None, text: str | None) -> bool:
    """Without a pattern, anything. A missing exit code matches no pattern; a missing reason is empty text."""
    if pattern is None:
        return True
    if text is None:
        return False
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern


def _rule(entry: Mapping[str, Any]) -> Rule:
    action = entry["action"].upper()
    if action not in ("RETRY", "EXIT"):
        raise refused(f"Evaluate on exit action {entry['action']} must be RETRY or EXIT")
    rule = Rule(
        retry=action == "RETRY",
        on_status_reason=_pattern(entry.get("onStatusReason"), _TEXT_PATTERN),
        on_reason=_pattern(entry.get("onReason"), _TEXT_PATTERN),
        on_exit_code=_pattern(entry.get("onExitCode"), _CODE_PATTERN),
    )
    if rule.on_status_reason is rule.on_reason is rule.on_exit_code is None:
        raise refused("Evaluate on exit must have at least one condition")
    return rule


def _pattern(text: str | None, alphabet: re.Pattern[str]) -> str | None:
    if text is None:
        return None
    if len(text) > limits.MAX_EXIT_PATTERN:
        raise refused(f"Evaluate on exit condition must be at most {limits.MAX_EXIT_PATTERN} characters")
    if not alphabet.fullmatch(text):
        raise refused("Evaluate on exit condition contains restricted characters")
    return text
