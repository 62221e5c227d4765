"""The console's contract: `web/openapi.json` is the code's document; its page loads no more."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import msgspec

from danshu.faces.cli import describing
from danshu.faces.http import reference
from tests.tidy.tree import ROOT

FILE = ROOT / "web" / "openapi.json"


def test_the_file_is_the_code_s_document() -> None:
    assert FILE.read_bytes() == describing.write(), "run: danshu openapi web/openapi.json"


class Seen(HTMLParser):
    """What a page loads, where it leads, what it calls its places."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        given = dict(attrs)
        self.tags.append(tag)
        self.places.add(given.get("id") or "")
        if tag == "a":
            self.links.append(given["href"] or "")
        else:
            self.loads += [given[n] or "" for n in ("src", "href", "srcset") if n in given]


def test_the_page_shows_every_route_and_loads_its_style_alone() -> None:
    document: dict[str, Any] = msgspec.json.decode(FILE.read_bytes())
    seen = Seen(reference.render(document))
    assert seen.loads == ["/docs/reference.css"]
    assert not {"script", "style", "iframe", "img"} & set(seen.tags)
    for item in document["paths"].values():
        assert {operation["operationId"] for operation in item.values()} <= seen.places
    for name in document["components"]["schemas"]:
        assert f"schema-{name}" in seen.places
    inside = {link[1:] for link in seen.links if link.startswith("#")}
    assert inside <= seen.places
    assert not [link for link in seen.links if not link.startswith(("#", "/docs/"))]


def test_a_description_cannot_write_html() -> None:
    document = msgspec.json.decode(FILE.read_bytes())
    document["info"]["description"] = "<script src=//x></script>"
    assert not re.search(rb"<script", reference.render(document))
