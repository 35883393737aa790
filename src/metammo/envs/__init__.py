"""How Python reaches the worlds: native batches, PettingZoo, Gymnasium."""
