"""batchkit: event-driven batch work on AWS Batch array jobs."""

__version__ = "0.1.0"
