"""The docker executor: every task of local Batch is a container of a real engine."""
