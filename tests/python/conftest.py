"""Settings of the suite."""

from hypothesis import HealthCheck, settings

# The same examples on every run and every machine: a failure in CI is a failure here. Time per example says nothing on a
# shared machine.
settings.register_profile(
    "displace", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)
settings.load_profile("displace")
