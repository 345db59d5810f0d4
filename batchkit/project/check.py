"""The rules of a project that no single key can break."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import category

from batchkit.errors import ConfigError
from batchkit.planning import outputs, timetable, uploads
from batchkit.planning.names import GALLERY
from batchkit.project import placement
from batchkit.project.sizes import Memory, Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.project.model import Project

# S3 User Guide, "General purpose bucket naming rules".
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")

MIB = 2**20
# Beyond that no machine that Batch has could hold a source twice.
MAX_SOURCE = Size(5 * 10**12)


def check(project: Project) -> None:
    """Raises ConfigError for the first rule that the project breaks."""
    for rule in RULES:
        rule(project)


def check_name(project: Project) -> None:
    """The name becomes a part of others: a doubled hyphen would be one that S3 and Batch reserve."""
    if "--" in project.name:
        raise ConfigError(
            "[project] name has two hyphens in a row",
            found=project.name,
            expected="lower-case letters and digits, with single hyphens between them",
        )


def check_buckets(project: Project) -> None:
    """Bucket names that S3 would take."""
    for table, name in (("upload", project.upload.bucket), ("output", project.output.bucket)):
        wrong = _wrong_with_bucket(name)
        if wrong:
            raise ConfigError(
                f"[{table}] bucket is not a bucket's name: {wrong}",
                found=name,
                expected="3 to 63 of a-z, 0-9, hyphen and dot, a letter or digit at both ends",
                fix="give the name alone, without s3:// and without a prefix",
            )


def check_output_key(project: Project) -> None:
    """A template that `outputs.output_key` can fill."""
    outputs.check_template(project.output.key)


def check_prefix(project: Project) -> None:
    """A prefix whose keys EventBridge can deliver."""
    prefix = project.upload.prefix
    if uploads.is_unsafe(prefix):
        raise ConfigError(
            "[upload] prefix has a quotation mark or a backslash in it",
            found=prefix,
            expected="a prefix without them: EventBridge cannot deliver such keys to a job",
        )
    if any(category(character) == "Cc" for character in prefix):
        raise ConfigError(
            "[upload] prefix has a control character in it",
            found=repr(prefix),
            expected="a prefix that can be seen: neither a pattern nor a person tells such keys apart",
        )


def check_no_loop(project: Project) -> None:
    """No output may ever be an upload, accepted or refused: the one would be processed again, without end,
    the other reported to people. Only different beginnings prove that, for a suffix decides between the two.
    """
    literal, prefix = project.outputs_prefix, project.upload.prefix
    if literal is None or not (literal.startswith(prefix) or prefix.startswith(literal)):
        return
    raise ConfigError(
        "[output] key: outputs would be uploads again, processed without end or reported as rejected",
        found=f"outputs s3://{project.output.bucket}/{project.output.key}"
        f" and uploads s3://{project.upload.bucket}/{prefix}…",
        expected="outputs whose keys cannot begin as uploads do",
        fix="use another bucket in [output], or begin its key with a folder that is not in [upload] prefix,"
        f" as in 'variants/{project.output.key}'" + ("" if prefix else " (and give [upload] a prefix)"),
    )


def check_gallery(project: Project) -> None:
    """The gallery's files are no uploads either."""
    prefix, shared = project.upload.prefix, project.output.bucket == project.upload.bucket
    if project.gallery.enabled and shared and (GALLERY.startswith(prefix) or prefix.startswith(GALLERY)):
        raise ConfigError(
            "[gallery]: its files would be uploads",
            found=f"{GALLERY}… and uploads s3://{project.upload.bucket}/{prefix}…",
            expected="uploads whose keys cannot begin as the gallery's files do",
            fix="use another [upload] prefix, another bucket in [output], or enabled = false in [gallery]",
        )


def check_max_bytes(project: Project) -> None:
    """A source that fits into a child, which holds it in memory whole, with as much room to work in."""
    compute, largest = project.compute, project.upload.max_bytes
    room = min(compute.memory * MIB // 2, MAX_SOURCE)
    if largest > room:
        needed = Memory(-(-largest * 2 // MIB))
        raise ConfigError(
            "[upload] max_bytes is more than a child can hold in memory",
            found=f"max_bytes {largest.text}, memory {compute.memory.text}",
            expected=f"max_bytes of at most {room:,}: half of the memory, never more than {MAX_SOURCE.text}",
            fix="lower max_bytes"
            + (f", or give [compute] memory at least {needed.text}" if largest <= MAX_SOURCE else ""),
        )


def check_patterns(project: Project) -> None:
    """Patterns that EventBridge's quota lets through."""
    rules = project.upload_rules
    patterns = (*uploads.accepted_patterns(rules), uploads.rejected_pattern(rules, project.outputs_prefix))
    longest = max(len(uploads.pattern_text(pattern)) for pattern in patterns)
    if longest > uploads.MAX_PATTERN_CHARACTERS:
        raise ConfigError(
            "[upload] makes an event pattern that EventBridge does not take",
            found=f"{longest} characters for {len(rules.suffixes)} suffixes",
            expected=f"at most {uploads.MAX_PATTERN_CHARACTERS} characters",
            fix="accept fewer suffixes, or shorten the prefix",
        )


def check_rules(project: Project) -> None:
    """As many rules for accepted uploads as there are."""
    rules = project.upload_rules
    if rules.prefix and len(rules.kinds) > uploads.MAX_ACCEPTING:
        raise ConfigError(
            "[upload] prefix: with so many suffixes there are too many rules, one for each",
            found=f"{len(rules.kinds)} suffixes ({', '.join(rules.kinds)})",
            expected=f"at most {uploads.MAX_ACCEPTING}; without a prefix there is one rule, and no limit",
            fix="give uploads a bucket of their own and leave the prefix out, or accept fewer suffixes",
        )


def check_schedule(project: Project) -> None:
    """A sweep that EventBridge Scheduler can start again and again."""
    schedule = project.schedule
    try:
        timetable.time_zone(schedule.timezone)
        parsed = timetable.parse(schedule.sweep, schedule.timezone) if schedule.sweep else None
    except ConfigError as error:
        what = f"[schedule] sweep, timezone: {error.what}"
        raise ConfigError(what, found=error.found, expected=error.expected, fix=error.fix) from error
    if parsed is not None and parsed.is_one_time:
        raise ConfigError(
            "[schedule] sweep happens only once",
            found=parsed.expression,
            expected="cron(…) or rate(…)",
            fix="batchkit schedule add makes one-time schedules",
        )


RULES: tuple[Callable[[Project], None], ...] = (
    check_name,
    check_buckets,
    check_output_key,
    check_prefix,
    check_no_loop,
    check_gallery,
    *placement.RULES,
    check_max_bytes,
    check_patterns,
    check_rules,
    check_schedule,
)


def _wrong_with_bucket(name: str) -> str | None:
    if not BUCKET.fullmatch(name):
        return "its characters"
    if ".." in name or _ADDRESS.fullmatch(name):
        return "two dots in a row" if ".." in name else "it looks like an IP address"
    if name.startswith(BUCKET_PREFIXES) or name.endswith(BUCKET_SUFFIXES):
        return "S3 reserves its beginning or end"
    return None
