"""The other half of the pages of pages.tsx: as test_pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console import opening
from tests.console.conftest import Visit
from tests.console.site import Site


@pytest.mark.parametrize("path", opening.share(1))
def test_a_page_opens_bears_its_name_and_is_accessible(
    site: Site,
    visit: Visit,
    axe: Callable[..., None],
    expected: Callable[..., None],
    path: str,
) -> None:
    opening.check(site, visit, axe, expected, path)
