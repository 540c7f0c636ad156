"""Ports that two test processes are unlikely to take from one another."""

from __future__ import annotations

import random

from msr.quickstart.ports import first_free

# Above the ports of well-known services, below those of outgoing connections.
LOWEST, HIGHEST = 10_000, 30_000


def free_port() -> int:
    """Return a free port, searching from a random one on.

    The randomness is the system's, so that a test run's fixed seed does not make all
    its processes begin at the same port.
    """
    return first_free(random.SystemRandom().randrange(LOWEST, HIGHEST))
