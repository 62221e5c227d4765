"""Every other page of pages.tsx: it opens, bears its name, has no grave finding.

A new page is tried as soon as it is listed. The others are in a file of their own, so that two
workers share them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.console import opening, pages
from tests.console.conftest import Visit, Watch
from tests.console.site import Site

tab = opening.tab


@pytest.mark.parametrize("path", opening.share(0))
def test_a_page_opens_bears_its_name_and_is_accessible(
    tab: opening.Tab,
    watch: Watch,
    site: Site,
    visit: Visit,
    axe: Callable[..., None],
    path: str,
) -> None:
    opening.check(tab, watch, site, visit, axe, path)


def test_a_person_without_the_right_hears_which_one(site: Site, visit: Visit) -> None:
    listed = opening.PAGES.values()
    guarded = [p for p in listed if p.right in ("key.admin", "people.admin")]
    if not guarded:
        guarded = [p for p in listed if p.right.startswith("stock.")]
    assert guarded
    page = visit(pages.fill(site, guarded[0].path), "legal")
    expect(page.locator("main")).to_contain_text("权限")
