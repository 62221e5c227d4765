"""When to try again: exponential, capped, with full jitter (AWS Architecture Blog, "Exponential
Backoff And Jitter"), so that many who failed together do not come back together.
"""

from __future__ import annotations

import hashlib


def wait_ms(tries: int, first_ms: int, most_ms: int, key: str) -> int:
    """Give how long to wait after `tries` failures, between 1 ms and the doubled bound.

    Pure: the jitter comes from the key of what is tried and how often it was, not from chance.
    """
    bound = min(most_ms, first_ms << min(max(tries - 1, 0), 30))
    digest = hashlib.blake2b(f"{key}/{tries}".encode(), digest_size=8).digest()
    return 1 + int.from_bytes(digest) % bound
