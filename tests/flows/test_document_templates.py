"""Templates of documents over HTTP: tried on what was seen once, published, refused, audited."""

from __future__ import annotations

import asyncio
import io
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from danshu.hub import original_joins, originals
from danshu.hub.document_audit import DocumentTemplatesFolder
from danshu.ledger import audit
from danshu.ports.perceiver import Perception
from danshu.testing import papers
from tests.fixtures.hub import House

SEEN = Path(__file__).parent.parent / "fixtures" / "documents" / "photo.json"
PAPER = papers.invent(papers.SEEN[0], 1)
NOBODYS = "019aa9d3-6b80-7000-8000-00000000000c"
FIELD = {"role": "number", "label": "NO.", "box": [-8, -8, 300, 30]}


def test_a_template_is_tried_published_moved_and_retired(
    shared_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = shared_house
    seen = msgspec.json.decode(SEEN.read_bytes(), type=Perception)

    async def perceive(*_: Any) -> Perception:
        return seen

    monkeypatch.setattr(original_joins, "perceive", perceive)
    sample = _send(house)
    template = {"title": "采购单", "anchors": _anchors(house, sample), "fields": [FIELD]}
    asked = {"template": template, "sample": sample}
    tried = house.call("POST", "/v1/document-templates/try", asked)
    assert (tried.status_code, tried.json()["known"]) == (200, True), tried.text
    assert tried.json()["parsed"]["draft"]["number"] == PAPER.number
    strange = {**template, "anchors": [{"text": "没有", "x": 0, "y": 0}] * 2}
    assert house.call("POST", "/v1/document-templates/try", {**asked, "template": strange}).json()[
        "known"
    ] is False  # fmt: skip

    path = "/v1/document-templates/WC-PO"
    for body, status, code in (
        ({**asked, "template": strange}, 409, "sample_not_known"),
        ({**asked, "template": {**template, "customer": "NOBODY"}}, 422, "no_customer"),
        ({**asked, "sample": NOBODYS}, 404, "no_original"),
        ({**asked, "template": {**template, "anchors": template["anchors"][:1]}}, 422, "bad_field"),
    ):
        refused = house.call("PUT", path, body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    first = house.call("PUT", path, asked)
    assert (first.status_code, first.json()["version"]) == (200, 1), first.text
    moved = house.call("PUT", path, asked)
    assert (moved.status_code, moved.json()["code"]) == (409, "template_moved")
    twin = house.call("PUT", "/v1/document-templates/TWIN", asked)
    assert (twin.status_code, twin.json()["code"]) == (409, "sample_not_known")
    again = house.call("PUT", path, {**asked, "seen": 1})
    assert again.json()["version"] == 2

    read = _view(house, _send(house, "second"))
    assert len(read["parsed"]["models"]) == 2  # read by the template: trust begins anew with it
    retired = house.call("POST", f"{path}/retire")
    assert (retired.status_code, retired.json()["active"]) == (200, False)
    assert len(_view(house, _send(house, "third"))["parsed"]["models"]) == 1
    items = house.call("GET", "/v1/document-templates").json()["items"]
    (listed,) = [item for item in items if item["code"] == "WC-PO"]
    assert (listed["version"], listed["active"]) == (2, False)
    assert asyncio.run(_audit(house)) == []
    _pages_of_pdf_are_drawn(house, sample)


def _pages_of_pdf_are_drawn(house: House, picture: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (150, 75), "white").save(out, "PDF", resolution=75)
    pdf = _send(house, "paper", out.getvalue(), "application/pdf")
    drawn = house.call("GET", f"/v1/originals/{pdf}/pages/0")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/jpeg"), drawn.text
    with Image.open(io.BytesIO(drawn.content)) as page:
        assert page.size == (300, 150)  # 144 x 72 points at 150 dots per inch
    for id_, page_no in ((pdf, 1), (pdf, 9_999), (picture, 0)):
        refused = house.call("GET", f"/v1/originals/{id_}/pages/{page_no}")
        assert (refused.status_code, refused.json()["code"]) == (404, "no_page"), refused.text


def _send(house: House, key: str = "first", body: bytes = b"", kind: str = "image/png") -> str:
    headers = {
        "content-type": kind,
        "idempotency-key": f"template-{key}",
        "authorization": f"Bearer {house.keys['operator']}",
    }
    body = body or b"\x89PNG\r\n\x1a\n" + key.encode()
    sent = house.client.post("/v1/originals?modality=photo", content=body, headers=headers)
    assert sent.status_code == 201, sent.text
    id_ = str(sent.json()["row"]["id"])
    row = asyncio.run(originals.read(house.hub, house.tenant, uuid.UUID(id_)))
    assert row.state == "review", row
    return id_


def _view(house: House, id_: str) -> dict[str, Any]:
    shown: dict[str, Any] = house.call("GET", f"/v1/originals/{id_}").json()
    return shown


def _anchors(house: House, id_: str) -> list[dict[str, Any]]:
    """Where the title and two headers stand, in thousandths of the width of the upright page."""
    (seen,) = _view(house, id_)["parsed"]["perceptions"]
    to = [seen["figures"][f"page0_upright{i}"] for i in range(9)]
    scale = 1000 / seen["figures"]["page0_width"]
    told = []
    for piece in seen["pieces"]:
        if piece["text"] in ("采购单", "品名", "编码"):
            x, y = piece["box"][:2]
            w = to[6] * x + to[7] * y + to[8]
            across, down = to[0] * x + to[1] * y + to[2], to[3] * x + to[4] * y + to[5]
            place = {"x": round(across / w * scale, 1), "y": round(down / w * scale, 1)}
            told.append({"text": piece["text"], **place})
    assert len(told) == 3
    return told


async def _audit(house: House) -> list[Any]:
    async with house.hub.connection() as connection:
        folders = [DocumentTemplatesFolder(house.tenant)]
        report = await audit.fold_rows(connection, house.tenant, folders)
    return list(report.differences)
