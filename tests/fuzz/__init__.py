"""Fuzzing: bytes that nobody thought of. `make fuzz`, or `python -m tests.fuzz --seconds 60`."""
