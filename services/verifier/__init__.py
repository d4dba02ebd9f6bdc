"""Checks from the topics alone that what must always hold does hold."""
