"""Chaos on the real thing: three brokers, two of each service, a mixed load, and every fault at once."""
