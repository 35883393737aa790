"""How policies learn: recurrent PPO over batches of worlds."""

# First, because it sets up OpenMP, which torch reads when it is imported.
import metammo.policies  # noqa: F401
