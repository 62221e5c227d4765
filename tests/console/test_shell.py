"""The frame that all pages share: signing in is asked for, nothing foreign is loaded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Visit


def test_the_page_runs_under_its_policy(visit: Visit) -> None:
    page = visit("/")
    expect(page.locator("#root > *").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_page_is_accessible(
    visit: Visit, axe: Callable[[Page], None], theme: str
) -> None:
    page = visit("/", theme=theme)
    expect(page.locator("#root > *").first).to_be_visible()
    axe(page)
