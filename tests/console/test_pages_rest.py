"""The other half of the pages of pages.tsx: as test_pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console import opening
from tests.console.conftest import Visit, Watch
from tests.console.site import Site

tab = opening.tab


@pytest.mark.parametrize("path", opening.share(1))
def test_a_page_opens_bears_its_name_and_is_accessible(
    tab: opening.Tab,
    watch: Watch,
    site: Site,
    visit: Visit,
    axe: Callable[..., None],
    path: str,
) -> None:
    opening.check(tab, watch, site, visit, axe, path)
