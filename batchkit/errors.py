"""Every error batchkit raises on purpose: one class per cause, one exit code per class.

The exit codes follow sysexits(3) and are the vocabulary of the job definitions'
`retryStrategy.evaluateOnExit`: only `EX_TEMPFAIL` is retried.
"""

from __future__ import annotations

EX_OK = 0
EX_DATAERR = 65
EX_SOFTWARE = 70
EX_TEMPFAIL = 75
EX_NOPERM = 77
EX_CONFIG = 78


class BatchkitError(Exception):
    """A failure that a person reads: what happened, what was found, what was expected, what to do."""

    exit_code = EX_SOFTWARE

    def __init__(
        self,
        what: str,
        *,
        found: object = None,
        expected: object = None,
        fix: str | None = None,
    ) -> None:
        self.what = what
        self.found = found
        self.expected = expected
        self.fix = fix
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.found is not None:
            lines.append(f"  found:    {self.found}")
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.fix is not None:
            lines.append(f"  to do:    {self.fix}")
        return "\n".join(lines)


class InternalError(BatchkitError):
    """A broken promise of batchkit's own; always a bug."""


class JobError(InternalError):
    """A job broke a promise of `batchkit.job`: an output nobody asked for, facts that are not facts."""


class SourceChanging(BatchkitError):
    """A source was overwritten again and again while it was processed; its next run will find it settled."""


class DataError(BatchkitError):
    """Data that stops a whole child: an unreadable manifest, a recipe that is not what its digest says."""

    exit_code = EX_DATAERR


class Interrupted(BatchkitError):
    """The child was told to stop (SIGTERM) before its shard was finished; retry it."""

    exit_code = EX_TEMPFAIL


class Throttled(BatchkitError):
    """AWS kept answering with throttling or 5xx errors after every retry; retry later."""

    exit_code = EX_TEMPFAIL


class Unanswered(Throttled):
    """A call that was sent and never answered: nobody knows whether it took effect."""


class PermissionDenied(BatchkitError):
    """AWS refused the call for lack of a permission."""

    exit_code = EX_NOPERM


class ConfigError(BatchkitError):
    """batchkit.toml, the environment or the installation is not as it must be."""

    exit_code = EX_CONFIG


class MissingExtra(ConfigError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, extra: str, module: str) -> None:
        super().__init__(
            f"{feature} needs the optional extra '{extra}'",
            found=f"no module named '{module}'",
            fix=f"pip install 'batchkit[{extra}]'",
        )


class Rejected(Exception):
    """A source, or one task of it, that can never be processed; recorded as `rejected`, never retried.

    `error_class` is a stable CamelCase word to group by (`UnsupportedFormat`), `message` is for people.
    """

    def __init__(self, error_class: str, message: str) -> None:
        self.error_class = error_class
        self.message = message
        super().__init__(f"{error_class}: {message}")
