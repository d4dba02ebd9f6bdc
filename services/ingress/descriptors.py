"""File descriptors: each open connection takes one."""

import resource

RESERVED = 256
"""For Kafka, logs, libraries and the health port."""


def room_for(connections: int) -> int:
    """How many of so many connections this process may hold; raises its soft limit where that helps."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + RESERVED
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(connections, max(1, soft - RESERVED))
