"""The live view: a game in a browser while it is played, and people among its players."""
