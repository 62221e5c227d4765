"""The catalogue: a question is answered by a number or not at all; assets are described, drawn on a
map, and exported as DCAT 3.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from danshu.hub import assets, catalogue_dcat
from danshu.hub.asset_catalogue import CatalogueEntry
from danshu.hub.asset_views import AssetText
from danshu.hub.catalogue_audit import CatalogueFolder
from danshu.hub.catalogue_dcat import Merchant, Offered
from danshu.hub.catalogue_entries import CatalogueNote
from danshu.ledger import audit
from tests.fixtures.acting import person
from tests.fixtures.hub import House

SHAPES = Path(__file__).parents[1] / "fixtures" / "searching" / "dcat-ap-mandatory.ttl"
KEPT_ELSEWHERE = {
    "owner": "采购 B07",
    "description": "每季度由采购打分",
    "tags": ["供应商"],
    "questions": ["哪家供应商最好"],
    "registered": {
        "title": "供应商评分表",
        "place": "采购部共享盘",
        "columns": [{"name": "contact_phone", "level": 3}, {"name": "score", "level": 1}],
    },
}


@pytest.fixture(scope="module")
def house(shared_house: House) -> House:
    return shared_house


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path / "assets"))


def ask(house: House, q: str, **more: Any) -> Any:
    query = "&".join(f"{k}={v}" for k, v in {"q": q, **more}.items())
    response = house.call("GET", f"/v1/catalogue/answer?{query}")
    assert response.status_code == 200, response.text
    return response.json()


async def differ(house: House) -> list[Any]:
    async with house.hub.connection() as connection:
        folder = CatalogueFolder(house.tenant)
        report = await audit.fold_rows(connection, house.tenant, [folder])
    return list(report.differences)


def test_a_question_is_answered_by_a_number_or_not_at_all(house: House) -> None:
    house.place()
    house.work("sequence")
    with house.client.portal() as portal:
        portal.call(lambda: assets.refresh(house.hub, house.tenant, ("channel-funnel",)))
    told = ask(house, "今天各渠道成交额")
    assert (told["verdict"], told["by"], told["shape"]) == ("answered", ["channel"], "top")
    figures = told["figures"]
    assert (figures["code"], figures["asset"]) == ("gmv", "channel-funnel")
    assert [r["keys"] for r in figures["rows"]] == [["api"]]
    assert figures["rows"][0]["value"] == figures["total"] > 0
    assert told["window"]["since"] == told["window"]["last"]
    told = ask(house, "订单走势")
    assert (told["shape"], told["by"], len(told["figures"]["rows"])) == ("trend", ["day"], 1)
    # what nobody knows gets no number, and is kept for stewards without what is personal
    told = ask(house, "员工离职率 13912345678")
    assert (told["verdict"], told["figures"]) == ("unknown", None)
    told = ask(house, "各仓库的退款金额")
    assert (told["verdict"], told["choices"][0]["lacks"]) == ("ambiguous", ["warehouse"])
    told = ask(house, "各仓库的退款金额", metric="refund_amount")
    assert (told["verdict"], told["by"]) == ("answered", [])
    kept = house.call("GET", "/v1/catalogue/unanswered").json()["items"]
    asked = {i["question"] for i in kept}
    assert any("离职率" in q and "13912345678" not in q for q in asked)
    for q in asked:
        assert house.call("DELETE", f"/v1/catalogue/unanswered?q={q}").status_code == 204
    assert house.call("GET", "/v1/catalogue/unanswered").json()["items"] == []
    # who may not see sums hears why, and no number
    reviewer = person(house, "K41", "reviewer")[0]
    locked = reviewer.call("GET", "/v1/catalogue/answer?q=成交额").json()
    assert (locked["verdict"], locked["figures"]) == ("locked", None)
    assert locked["clause"]


def test_an_asset_is_described_and_one_kept_elsewhere_is_registered(house: House) -> None:
    steward = person(house, "K42", "steward")[0]
    note = {"owner": "数据管家 D04", "standing": "certified", "questions": ["哪个渠道好"]}
    shown = steward.call("PUT", "/v1/catalogue/channel-funnel", note)
    assert shown.status_code == 200, shown.text
    assert steward.call("PUT", "/v1/catalogue/no-such", note).json()["code"] == "no_asset"
    taken = steward.call("PUT", "/v1/catalogue/margin", KEPT_ELSEWHERE)
    assert taken.json()["code"] == "taken"
    made = steward.call("PUT", "/v1/catalogue/supplier-scores", KEPT_ELSEWHERE).json()
    assert (made["kind"], made["level"], made["state"]) == ("registered", 3, "elsewhere")
    found = steward.call("GET", "/v1/catalogue?q=哪家供应商最好").json()
    assert found["items"][0]["name"] == "supplier-scores"
    assert found["counts"]["owned"] >= 2
    steward.call("GET", "/v1/catalogue/margin")
    viewed = steward.call("GET", "/v1/catalogue/margin").json()
    assert viewed["views"] >= 1
    drawn = steward.call("GET", "/v1/catalogue/map").json()
    node = next(n for n in drawn["nodes"] if n["id"] == "asset:supplier-scores")
    assert (node["kind"], node["sensitive"]) == ("registered", ["contact_phone"])
    assert {"source": "source:orders", "target": "asset:channel-funnel"} in drawn["edges"]
    origins = steward.call("GET", "/v1/catalogue/channel-funnel/columns").json()["columns"]
    channel = next(c for c in origins if c["column"] == "channel")
    assert {"source": "orders", "column": "channel"}.items() <= channel["origins"][0].items()
    terms = steward.call("GET", "/v1/catalogue/terms").json()["items"]
    assert any(t["code"] == "gmv" and "GMV" in t["words"] for t in terms)
    turtle = steward.call("GET", "/v1/catalogue.ttl")
    assert turtle.headers["content-type"].startswith("text/turtle")
    assert "供应商评分表" in turtle.text
    linked = steward.call("GET", "/v1/catalogue.jsonld").json()
    assert any("供应商评分表" in str(node) for node in linked)
    assert asyncio.run(differ(house)) == []


def entry(name: str, **more: Any) -> CatalogueEntry:
    told: dict[str, Any] = {
        "name": name,
        "kind": "built",
        "title": AssetText(zh="退货原因", en="Return reasons"),
        "about": AssetText(zh="为什么退货", en="Why goods come back"),
        "version": 2,
        "role": "service",
        "purpose": "service",
        "level": 2,
        "refresh_s": 900,
        "state": "fresh",
        "refreshed": "2026-11-30T02:00:00.000Z",
        "rows": 12,
        "score": 98,
        "views": 3,
        "is_valued": True,
        "metrics": ("returns",),
        "sources": ("orders", "returns"),
        "note": CatalogueNote(owner="客服 C12", tags=("售后",)),
    }
    return CatalogueEntry(**told | more)


def test_the_catalogue_is_valid_dcat_and_a_catalogue_without_a_title_is_not() -> None:
    from pyshacl import validate
    from rdflib import Graph
    from rdflib.namespace import DCAT, DCTERMS, ODRL2, RDF

    merchant = Merchant(code="m1", name="槐序百货", base="https://hub.example")
    offer = Offered(
        no=1, asset="return-reasons", purpose="service", until="2027-01-01", resale=False
    )
    entries = (entry("return-reasons"), entry("scores", kind="registered", refresh_s=0, score=-1))
    text = catalogue_dcat.write(merchant, entries, [offer], "turtle").decode()
    graph = Graph().parse(data=text, format="turtle")
    shapes = Graph().parse(SHAPES, format="turtle")
    conforms, _, report = validate(graph, shacl_graph=shapes)
    assert conforms, report
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    assert len(list(graph.objects(catalogue, DCAT.dataset))) == 2
    keywords: list[Any] = list(graph.objects(None, DCAT.keyword))
    assert {word.language for word in keywords} == {"zh", "en"}
    assert len(list(graph.subjects(RDF.type, ODRL2.Prohibition))) == 1
    again = Graph().parse(
        data=catalogue_dcat.write(merchant, entries, [offer], "json-ld"), format="json-ld"
    )
    assert len(again) == len(graph)
    graph.remove((catalogue, DCTERMS.title, None))
    conforms, _, report = validate(graph, shacl_graph=shapes)
    assert not conforms
    assert "title" in report
