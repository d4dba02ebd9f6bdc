"""Faults that are put into the loop and the rules on purpose, to see that the simulation finds them.

Each is a part that is passed in where the real one would be; nothing is patched.
"""
