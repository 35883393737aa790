"""Settings that all tests share."""

from hypothesis import settings

# Kernels compile during an example, so no deadline; the same examples on every run.
settings.register_profile("metammo", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("metammo")
