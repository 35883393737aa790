"""How policies learn: recurrent PPO over batches of worlds."""
