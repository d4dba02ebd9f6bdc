"""The loop's own decisions, on a log in memory: what it writes, what it gives up, what it sets aside."""
