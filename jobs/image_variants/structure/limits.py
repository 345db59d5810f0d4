"""How much beside pixels a file may hold. Far more than any camera or program writes."""

from __future__ import annotations

from batchkit.errors import Rejected

# Segments of a JPEG before its pixels. A 16 MB colour profile takes 255 of them.
MAX_SEGMENTS = 5_000
# Passes over a JPEG's pixels; a progressive file has about ten.
MAX_SCANS = 100
# libpng writes 8 kB a chunk: 32,768 of them in a file of 256 MB.
MAX_CHUNKS = 100_000
# Pillow puts a GIF's comments together anew with every 255 bytes.
MAX_COMMENTS = 1_000_000
# Strips or tiles of a TIFF: what a picture of 65,536 rows has if each is a strip in four planes.
MAX_STRIPS = 262_144
# In all directories of a TIFF; a page has twenty.
MAX_ENTRIES = 100_000
# Colour profiles with tables for printers have half a megabyte to three.
MAX_PROFILE = 8_000_000


def too_many(what: str, limit: int) -> Rejected:
    """More blocks than a reader should be asked to walk through."""
    return Rejected("TooManyBlocks", f"more than {limit:,} {what}; that is the limit")


def too_large(what: str, size: int, limit: int) -> Rejected:
    """More bytes beside the pixels than a reader should be asked to keep."""
    return Rejected("MetadataTooLarge", f"{size:,} bytes of {what}; the limit is {limit:,}")
