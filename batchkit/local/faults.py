"""The text of `--faults`: what is to go wrong on purpose, how often, and by which seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchkit.errors import ConfigError
from batchkit.local.call_faults import Aim, CallFaults, Fate
from batchkit.local.events.faults import Faults as EventFaults
from batchkit.typed.words import nearest

_EXAMPLE = "spot=0.2,duplicate=0.1,reorder=0.1,throttle=0.1,error=0.05,seed=7"
# `lost@SubmitJob:1`: what becomes of which call.
FATES: Mapping[str, Fate] = {"throttle": "throttled", "error": "failed", "lost": "lost"}
_AIM = re.compile(r"(?P<fate>[a-z]+)@(?P<operation>[A-Za-z0-9]+):(?P<number>[1-9][0-9]{0,8})")
# Shares of everything that could go wrong, 0 to 1.
SHARES = ("spot", "duplicate", "reorder", "throttle", "error")
SEED = "seed"


@dataclass(frozen=True)
class Faults:
    """`spot` is the share of attempts that lose their host, `events` what EventBridge does to events,
    `calls` what the services do to calls.
    """

    spot: float = 0.0
    seed: int = 0
    events: EventFaults = field(default_factory=EventFaults)
    calls: CallFaults = field(default_factory=CallFaults)

    @property
    def texts(self) -> tuple[str, ...]:
        """What goes wrong, each as `parse` takes it; nothing of what does not."""
        events, calls = self.events, self.calls
        shares = zip(
            SHARES, (self.spot, events.duplicate, events.reorder, calls.throttle, calls.error), strict=True
        )
        names = {fate: name for name, fate in FATES.items()}
        aims = (f"{names[aim.fate]}@{aim.operation}:{aim.number}" for aim in calls.aimed)
        return (*(f"{name}={share:g}" for name, share in shares if share), *aims)


def parse(text: str) -> Faults:
    """`spot=0.2,seed=7,lost@SubmitJob:1` as data; what is not mentioned does not go wrong.

    Raises ConfigError.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    aimed = tuple(_aim(part) for part in parts if "@" in part)
    settings = _settings(part for part in parts if "@" not in part)
    seed = _seed(settings.pop(SEED, "0"))
    shares = {name: _share(name, value) for name, value in settings.items()}
    events = EventFaults(shares.get("duplicate", 0.0), shares.get("reorder", 0.0), seed=seed)
    calls = CallFaults(shares.get("throttle", 0.0), shares.get("error", 0.0), seed=seed, aimed=aimed)
    if calls.throttle + calls.error > 1:
        found = f"throttle={calls.throttle} and error={calls.error}"
        raise _unreadable(found, "shares of the same calls: 1 at most together")
    return Faults(shares.get("spot", 0.0), seed, events, calls)


def _aim(part: str) -> Aim:
    found = _AIM.fullmatch(part)
    if found is None or found["fate"] not in FATES:
        expected = f"{' or '.join(FATES)}, @, an operation, :, a number from 1; as in lost@SubmitJob:1"
        raise _unreadable(repr(part), expected)
    return Aim(FATES[found["fate"]], found["operation"], int(found["number"]))


def _settings(parts: Iterable[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for part in parts:
        name, equals, value = (each.strip() for each in part.partition("="))
        if not equals:
            raise _unreadable(f"{part!r}, which has no value", f"name=value, as in {_EXAMPLE}")
        if name in settings:
            raise _unreadable(f"{name} twice", f"every fault once, as in {_EXAMPLE}")
        _check_name(name)
        settings[name] = value
    return settings


def _check_name(name: str) -> None:
    known = (*SHARES, SEED)
    if name not in known:
        advice = nearest(name, known)
        raise _unreadable(repr(name), "; ".join(filter(None, (f"one of {', '.join(known)}", advice))))


def _share(name: str, value: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    # This also turns away "nan".
    if not 0.0 <= share <= 1.0:
        raise _unreadable(f"{name}={value}", "a share from 0 to 1, such as 0.2")
    return share


def _seed(value: str) -> int:
    try:
        return int(value)
    except ValueError as problem:
        raise _unreadable(f"{SEED}={value}", "a whole number") from problem


def _unreadable(found: str, expected: str) -> ConfigError:
    return ConfigError(
        "the faults cannot be read", found=found, expected=expected, fix=f"--faults {_EXAMPLE}"
    )
