"""Minigames, one file each; every module here that defines a `Minigame` is found, not listed."""
