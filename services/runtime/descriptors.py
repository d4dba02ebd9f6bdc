"""File descriptors: each open connection takes one."""

import resource

RESERVED = 256
"""For Kafka, logs, libraries and the health port."""


def room_for(connections: int) -> int:
    """How many of so many connections this process may hold, at least one; raises its soft limit to it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections
    wanted = connections + RESERVED
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(connections, max(1, soft - RESERVED))
