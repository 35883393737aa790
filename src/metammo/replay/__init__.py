"""Replays: an episode in a file, to be watched, and to be played again and compared."""
