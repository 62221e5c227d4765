"""What every test shares: how Hypothesis behaves, whom nobody asks, on what things run."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Tests assert no wall time, so neither does Hypothesis.
settings.register_profile(
    "danshu", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("danshu")

# No test asks the world for the time; those of the clock bring servers of their own.
os.environ.setdefault("DANSHU_NTP_SERVERS", "none")

pytest_plugins = ["tests.fixtures.engine"]


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests (`pytest.mark.anyio`) run on asyncio, as the hub does."""
    return "asyncio"
