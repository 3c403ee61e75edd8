"""How fast it is, in parts, each as ratios within one run: machines differ, ratios hold.

A part is a module with `measure(size)`. What is compared runs in turns, so that a slow moment hits both; a figure is
the median of its rounds, with the least and the greatest.
"""
