"""Untyped data (TOML, JSON) into msgspec types, with errors a person can act on."""

from batchkit.typed.decoding import Parsed, decode
from batchkit.typed.kinds import Step
from batchkit.typed.words import joined, nearest, shown

__all__ = ["Parsed", "Step", "decode", "joined", "nearest", "shown"]
