"""Who acts: random, scripted and learned policies behind one interface."""
