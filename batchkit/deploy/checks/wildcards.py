"""EventBridge's fixed number of rules with wildcards."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.aws.bus import wildcard_rules
from batchkit.deploy.checks.result import Place, Result
from batchkit.planning import uploads

# EventBridge User Guide, quotas: "Wildcard rules", 30 on a bus, not adjustable.
QUOTA = 30


def wildcards(place: Place) -> Iterator[Result]:
    """The project's rules with wildcards must fit beside those of others on the bus."""
    rules = place.project.upload_rules
    patterns = [
        *uploads.accepted_patterns(rules),
        uploads.rejected_pattern(rules, place.project.outputs_prefix),
    ]
    wanted = sum('"wildcard"' in uploads.pattern_text(pattern) for pattern in patterns)
    others = len(wildcard_rules(place.clients.events) - _own(place.project.name))
    text = f"rules with wildcards: {wanted} of the project, {others} of others, of {QUOTA} that the bus takes"
    if wanted + others <= QUOTA:
        yield Result("wildcards", "ok", text)
        return
    fix = "fewer suffixes or no prefix in [upload], or take other rules away: AWS does not raise this quota"
    yield Result("wildcards", "failed", text, fix)


def _own(project: str) -> set[str]:
    """The names that eventbridge/rules.yaml gives to rules on uploads."""
    accepted = f"{project}-upload-accepted"
    more = {f"{accepted}-{number}" for number in range(2, uploads.MAX_ACCEPTING + 1)}
    return {accepted, f"{project}-upload-rejected"} | more
