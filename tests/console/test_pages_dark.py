"""Every page of pages.tsx in English, dark: as test_pages, in the other look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.console import opening
from tests.console.conftest import Visit
from tests.console.site import Site


@pytest.mark.parametrize("path", opening.PAGES)
def test_a_page_opens_bears_its_name_and_is_accessible(
    site: Site,
    visit: Visit,
    axe: Callable[[Page], None],
    expected: Callable[..., None],
    path: str,
) -> None:
    opening.check(site, visit, axe, expected, path, ("en", "dark"))
