"""What every test shares: which tests may run beside which, and how Hypothesis behaves."""

from __future__ import annotations

import os
from pathlib import Path

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

TESTS = Path(__file__).parent
# Folders whose tests start no processes of their own: unless they ask for a database, each of
# their files may go to either worker. All others go one after the other to one worker, so that one
# server serves them, and tests that kill things or count on two cores are never beside each other.
FREE = {"capabilities", "conformance", "kernel", "tidy"}
DATABASE = {"engine", "server_folder"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests for `-n N --dist loadgroup`; a test's own `xdist_group` wins."""
    for item in items:
        if item.get_closest_marker("xdist_group"):
            continue
        path = item.path.relative_to(TESTS)
        is_free = path.parts[0] in FREE and DATABASE.isdisjoint(getattr(item, "fixturenames", ()))
        group = path.as_posix() if is_free else "one after the other"
        if path.parts[0] == "console":  # one browser and one hub for all of them
            group = "console"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests (`pytest.mark.anyio`) run on asyncio, as the hub does."""
    return "asyncio"
