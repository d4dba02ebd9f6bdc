"""Load from the outside: businesses, customers' devices and a webhook receiver, each in its own process.

They are lean on purpose, since they share the machine with what they measure.
"""
