"""What every test shares: how Hypothesis behaves, whom nobody asks, on what things run."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent

# As the product's own processes do: to look for garbage among what is imported takes a tenth.
gc.set_threshold(50_000, 20, 20)

# Tests assert no wall time, so neither does Hypothesis.
settings.register_profile(
    "danshu", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("danshu")

# No test asks the world for the time; those of the clock bring servers of their own.
os.environ.setdefault("DANSHU_NTP_SERVERS", "none")
# Nor does any leave the key of a safe on this machine.
os.environ.setdefault("DANSHU_SAFE_KEY", "5a" * 32)

pytest_plugins = ["tests.fixtures.engine"]


# What takes longest begins first, so that no worker is left alone with it at the end: files that
# play whole servers, then browsers, then processes that are killed; the many short ones fill up.
LONGEST = (
    "flows/test_stories",
    "flows/test_tenant_walls",
    "console/test_p",
    "console/",
    "faults/",
    "simulation/",
    "flows/test_cli",
    "flows/test_import",
    "flows/test_demo",
    "flows/",
    "conformance/",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files in the order in which workers take them."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    path = item.path.relative_to(HERE).as_posix() if item.path.is_relative_to(HERE) else ""
    return next((n for n, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))


# A browser of the tests of the console holds an event loop, beside which there is no other.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """End the browser before a test that is none of the console's."""
    if not item.path.is_relative_to(HERE / "console"):
        _end_browser()


def pytest_sessionfinish() -> None:
    """End the browser."""
    _end_browser()


def _end_browser() -> None:
    browsing = sys.modules.get("tests.console.browsing")
    if browsing is not None:
        browsing.end()


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests (`pytest.mark.anyio`) run on asyncio, as the hub does."""
    return "asyncio"
