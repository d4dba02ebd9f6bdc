"""Delivery: each message on its way to the customer, and the one status it has."""
