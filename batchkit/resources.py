"""The files that batchkit carries beside its code: templates, rules, samples."""

from __future__ import annotations

from pathlib import Path

from batchkit.errors import ConfigError

_PACKAGE = Path(__file__).parent


def path(relative: str) -> Path:
    """Where `relative` (`cloudformation/storage.yaml`) lies: in the installed package or the checkout.

    Raises ConfigError when it is in neither.
    """
    homes = (_PACKAGE / "assets", _PACKAGE.parent)
    for home in homes:
        if (home / relative).exists():
            return home / relative
    raise ConfigError(
        f"a file of batchkit's own is missing: {relative}",
        found="nothing of that name",
        expected=" or ".join(str(home / relative) for home in homes),
        fix="install batchkit again: the installation is incomplete",
    )
