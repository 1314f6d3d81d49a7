"""Settings that all tests share."""

from hypothesis import settings

# A first call may compile a kernel, and machines differ: time is measured in benchmarks only.
settings.register_profile("nctheory", deadline=None)
settings.load_profile("nctheory")
