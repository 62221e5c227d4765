"""Pages written from the code are those of this code; tables of the database are described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kernel.reference_pages import PAGES
from tests.tidy.tree import SOURCE, assert_none, document


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_that_of_the_code(page: Path) -> None:
    """If not: python -m tests.kernel.reference_pages."""
    assert page.read_text("utf-8") == PAGES[page]()


def test_every_table_is_described() -> None:
    versions = SOURCE / "danshu" / "ledger" / "migrations" / "versions"
    sql = "\n".join(path.read_text("utf-8") for path in versions.glob("0*.py"))
    tables = set(re.findall(r"create table (\w+)", sql))
    assert "facts" in tables
    page = document("database.md")
    assert_none({name for name in tables if f"`{name}`" not in page})
