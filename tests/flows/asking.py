"""How flows ask: rows of the database, pages of lists, files for the import wizard."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.fixtures.hub import House

CSV = "text/csv"


def ask(url: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Give all rows of a query."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query, parameters).fetchall()


def tell(url: str, statement: str, *parameters: object) -> None:
    """Run a statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, parameters)


def get(house: House, path: str, **params: Any) -> dict[str, Any]:
    """Ask and give the JSON."""
    response = house.call("GET", path, params=params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def everything(house: House, path: str, **params: Any) -> list[dict[str, Any]]:
    """Read all pages of a list."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = get(house, path, cursor=cursor, **params)
        items += page["items"]
        cursor = page["next"]
        if not cursor:
            return items


def upload(house: House, kind: str, body: bytes, *, role: str = "admin", **more: Any) -> Any:
    """Upload a file and give the response."""
    return house.call(
        "POST",
        "/v1/imports",
        body,
        role=role,
        params={"kind": kind, "name": "表.csv"},
        headers={"content-type": more.pop("content_type", CSV)},
        **more,
    )


def adds_up(counts: dict[str, int]) -> bool:
    """Rows in = accepted + rejected."""
    accepted = counts["new"] + counts["changed"] + counts["same"]
    return counts["rows"] == accepted + counts["rejected"]


def publish(house: House, raw: bytes, role: str = "admin", how: str = "") -> Any:
    """Publish or lint a definition."""
    return house.call(
        "POST",
        f"/v1/promise-definitions{how}",
        raw,
        role=role,
        headers={"content-type": "application/yaml"},
    )


_OWN = """
code: gift
version: {version}
name: {{zh: 赠品同发, en: Gift ships along}}
text:
  zh: 付款后{{hours}}小时内交接,以交接扫描为准。
  en: Handed over within {{hours}} hours of payment, as shown by the hand-over scan.
params: {{hours: {hours}}}
applies: {{all: true}}
clock:
  start: payment.confirmed
  limit: PT{hours}H
  calendar: {calendar}
  stop: handover.scanned
  void: [order.cancelled]
  warn: [0.5]
breach: {{zh: 未按时交接。, en: Not handed over in time.}}
"""


def own(version: int = 1, hours: int = 9, calendar: str = "elapsed") -> bytes:
    """Make a definition in YAML."""
    return _OWN.format(version=version, hours=hours, calendar=calendar).encode()


def post(house: House, path: str, data: dict[str, str], files: Any = None) -> str:
    """Send a form as a browser does; gives what the page is told became of it."""
    asked = house.client.post(f"{path}/requests", data=data, files=files, follow_redirects=False)
    assert asked.status_code == 303, asked.text
    where = str(asked.headers["location"])
    assert where.startswith(f"{path}?said=")
    return where.partition("said=")[2].partition("#")[0].partition("&")[0]
