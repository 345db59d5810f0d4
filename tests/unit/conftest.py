"""Settings of the unit tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is not a failure: no test may depend on time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
