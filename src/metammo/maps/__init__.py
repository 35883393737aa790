"""How a map is made, from a seed and the episode's rules."""
