"""Who acts: random, scripted and learned policies behind one interface."""

from metammo.policies.openmp import shorten_spin

# Here, because every module that imports torch lies in this package or imports it.
shorten_spin()
