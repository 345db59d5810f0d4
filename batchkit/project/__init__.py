"""batchkit.toml as types: read, checked, and described for editors."""

from batchkit.project.load import FILE_NAME, load
from batchkit.project.model import Project
from batchkit.project.schema import schema
from batchkit.project.sizes import Memory, Size
from batchkit.project.tables import Alarms, Compute, Gallery, Job, Network, Output, Schedule, Storage, Upload

__all__ = [
    "FILE_NAME",
    "Alarms",
    "Compute",
    "Gallery",
    "Job",
    "Memory",
    "Network",
    "Output",
    "Project",
    "Schedule",
    "Size",
    "Storage",
    "Upload",
    "load",
    "schema",
]
