"""The pages as `web/src/pages.tsx` lists them, and how a path with a name in it is filled."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct

from danshu.ports.modality import Draft, DraftLine, Field, Intent, Parsed
from danshu.testing import bills
from danshu.testing.bills import Move
from tests.console.site import Site
from tests.fixtures.bills import HEAD, WRITE
from tests.fixtures.reviews import Laid, lay

WEB = Path(__file__).resolve().parents[2] / "web" / "src"
LINE = re.compile(
    r'\{\s*path: "(?P<path>[^"]+)",\s*group: "(?P<group>\w+)",\s*title: "(?P<title>\w+)",'
    r'\s*right: "(?P<right>[^"]*)"(?P<rest>.*?)\},?\n',
    re.DOTALL,
)


class Listed(Struct, frozen=True, kw_only=True):
    """A page of the console."""

    path: str
    title: str
    right: str
    is_bare: bool

    def name(self, locale: str) -> str:
        """Give its name in a language."""
        return str(words(locale)["pages"][self.title])


def words(locale: str) -> dict[str, Any]:
    """Read the names of pages and product in a language."""
    read: dict[str, Any] = json.loads((WEB / "words" / locale / "nav.json").read_text("utf-8"))
    return read


def listed() -> list[Listed]:
    """Read the pages, in the order of the menu."""
    text = (WEB / "pages.tsx").read_text("utf-8")
    found = [
        Listed(
            path=line["path"],
            title=line["title"],
            right=line["right"],
            is_bare='chrome: "bare"' in line["rest"],
        )
        for line in LINE.finditer(text)
    ]
    assert len(found) == text.count("import("), "a page of pages.tsx was not understood"
    return found


def fill(site: Site, path: str) -> str:
    """Put what the site holds into a path: an order on its way, a SKU, a warehouse."""
    names: dict[str, Any] = {
        "/orders/:": lambda: site.by_state("shipped")["order"],
        "/imports/:": lambda: _upload(site),
        "/devices/:": lambda: _device(site),
        "/review/:": lambda: _review(site),
        "/modalities/templates/:": lambda: "new",
        "/jobs/:": lambda: _job(site),
        "/replans/:": lambda: str(site.call("POST", "/v1/replans", json={})["id"]),
        "/redecisions/:": lambda: _redecision(site),
        "/reconcile/runs/:": lambda: str(site.call("POST", "/v1/reconcile/runs", json={})["id"]),
        "/reconcile/differences/:": lambda: _difference(site),
        "/negotiations/:": lambda: _negotiation(site),
        "/twin/:": lambda: site.call("GET", "/v1/twin")["items"][0]["code"],
        "/stock/:": lambda: site.call("GET", "/v1/skus?limit=1")["items"][0]["code"],
        "/pda/pick/:": lambda: site.by_state("released")["order"],
        "/pda/pack/:": lambda: site.by_state("picked")["order"],
        "/pda/review/:": lambda: site.by_state("packed")["order"],
        "/pda/handover/:": lambda: site.by_state("packed")["order"],
        "/assets/:": lambda: "fulfilment-heatmap",
        "/contract/actions/:": lambda: "outbound_review",
        "/order-types/:": lambda: _order_type(site),
        "/weaver/:": lambda: _woven(site),
        "/policies/:": lambda: f"{_policy(site)}?tab=clauses",
        "/after-sales/:": lambda: _case(site),
        "/transfers/:": lambda: _transfer(site),
        "/go/:": lambda: site.by_state("shipped")["number"],
    }
    for start, give in names.items():
        if path.startswith(start):
            path = re.sub(r":\w+", str(give()), path, count=1).replace(":fulfilment", "1")
            path = path.replace(":step", "columns")
    assert ":" not in path, f"tests/console/pages.py does not know what to put into {path}"
    return path


def _upload(site: Site) -> str:
    """Bring a sheet as far as its columns."""
    sheet = "商品编码,商品名称,重量(kg)\nIMP-1,示例,1.5\n".encode()
    made = site.call("POST", "/v1/imports?kind=skus&name=goods.csv", content=sheet)
    return str(made["id"])


def _device(site: Site) -> str:
    """Write a device into the archive."""
    site.call("PUT", "/v1/devices", json=[{"code": "SP-01", "name": "主轴一号", "kind": "spindle"}])
    return "SP-01"


def _policy(site: Site) -> str:
    """Begin a policy set from a template."""
    new = {"name": "汛期", "from": "rainstorm"}
    return str(site.call("POST", "/v1/routing/policies/drafts", json=new)["id"])


def _order_type(site: Site) -> str:
    """Begin an order type from a template, or give the draft that is open."""
    book = site.call("GET", "/v1/order-types")
    if book["drafts"]:
        return str(book["drafts"][0]["id"])
    new = {"type": book["templates"][0] | {"type": "shown"}}
    return str(site.call("POST", "/v1/order-types/drafts", json=new)["id"])


def _transfer(site: Site) -> str:
    """Plan a transfer of one unit from where there is most of a SKU."""
    rows = site.call("GET", "/v1/stock?limit=200")["items"]
    most = max(rows, key=lambda row: row["on_hand"] - row["reserved"] - row["safety"])
    codes = [row["code"] for row in site.call("GET", "/v1/warehouses?limit=2")["items"]]
    other = next(code for code in codes if code != most["warehouse"])
    wish = {"key": "pages", "from_warehouse": most["warehouse"], "to_warehouse": other}
    wish["lines"] = [{"sku": most["sku"], "quantity": 1}]
    found = site.call("GET", "/v1/transfers?limit=1")["items"]
    return str((found or [site.call("POST", "/v1/transfers", json=wish)])[0]["id"])


def _woven(site: Site) -> str:
    """Begin a woven capability from a template, or give the draft that is open."""
    book = site.call("GET", "/v1/woven")
    if book["drafts"]:
        return str(book["drafts"][0]["id"])
    new = {"woven": book["templates"][0] | {"code": "shown"}}
    return str(site.call("POST", "/v1/woven/drafts", json=new)["id"])


def _job(site: Site) -> str:
    """Begin a job that looks after one order."""
    act = {"act": "tag", "tags": ["示例"], "ids": [site.by_state("shipped")["order"]]}
    return str(site.call("POST", "/v1/bulk", json=act)["id"])


def _redecision(site: Site) -> str:
    """Write the row of a run that touched no order, as the workers would."""
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute(
            "insert into redecisions(tenant,no,after,closed,ended) values(%s,999999,%s,%s,now())"
            " on conflict do nothing",
            (site.tenant, b"\0" * 32, b"[]"),
        )
    return "999999"


def _difference(site: Site) -> str:
    """Bring in a bill of an order that is not ours, and write the difference as a run would."""
    move = Move(kind="sale", number="8811", amount=990, at="2026-10-02 10:00:00", flow="P1")
    body = bills.jd([move])
    site.call("POST", "/v1/bills?form=jd&name=pages.csv", content=body)
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute(WRITE, (HEAD, site.tenant, "8811"))
    found = site.call("GET", "/v1/differences?number=8811")["items"]
    return str(found[0]["id"])


def _negotiation(site: Site) -> str:
    """Open a negotiation that nobody answers."""
    order = site.by_state("allocated")["order"]
    site.call("PUT", "/v1/parties/rider-p", json={"name": "骑手"})
    found = site.call("GET", f"/v1/negotiations?order={order}")["items"]
    if not found:
        path = f"/v1/orders/{order}/negotiations"
        found = [site.call("POST", path, json={"parties": ["rider-p"]})]
    return str(found[0]["id"])


def _case(site: Site) -> str:
    """Open a case about an order that has left, or give the one that is open."""
    order = site.by_state("shipped")["order"]
    found = site.call("GET", f"/v1/orders/{order}/after-sales")["items"]
    if not found:
        body = {"kind": "return", "reason": "quality", "lines": [{"line": 1, "quantity": 1}]}
        return str(site.call("POST", f"/v1/orders/{order}/after-sales", json=body)["item"]["id"])
    return str(found[0]["id"])


def _review(site: Site) -> str:
    draft = Draft(lines=(DraftLine(sku="EX-CUP-BLUE", quantity=2),))
    field = Field(path="/lines/0/quantity", value="2", confidence=990, said="两个")
    read = Parsed(
        intent=Intent.ORDER, draft=draft, fields=(field,), confidence=950, text="蓝杯子两个"
    )
    (id_,) = lay(site.url, site.tenant, Laid(parsed=read))
    return id_
