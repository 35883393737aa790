"""How a world changes in a tick: `tick.py` is the table of contents."""
