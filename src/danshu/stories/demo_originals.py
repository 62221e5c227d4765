"""What the demo's merchant takes in beside messages: spoken and written orders, a photo, a spindle.

A transcription service of our own stands on this machine while the demo plays; it answers with the
words that the demo's recordings carry. `danshu up` knows nothing of it.
"""

from __future__ import annotations

import contextlib
import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.stock.model import Sku, StockLevel
from danshu.hub import catalogues, selling_masters, shelves
from danshu.stories import caller, furnishing
from danshu.testing import menus, recordings, speech_desk
from danshu.testing.speech_desk import OPTIONS, SECRETS, Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    import psycopg

    Connection = psycopg.AsyncConnection[Any]

WAREHOUSE: Final = "SH01"
_SERVICE: Final = "云端转写"
_SPOKEN: Final = (
    ("ST-SBX-RM", "店员 07", "三杯冰美式加燕麦奶，备注不要吸管。"),
    ("ST-XC-LFS", "店员 12", "一杯多肉葡萄，去冰，加芋圆波波。"),
    ("ST-LK-GM", "骑手 31", "两杯拿铁，一个黄油可颂。"),
    ("ST-HDL-ZGC", "领班 02", "四份捞派牛肉，两份虾滑，不要香菜。"),
    ("", "司机 18", "再来五箱农夫山泉，送到浦东新区世纪大道一百号。"),
)
_WRITTEN: Final = (
    ("CU-DL", "老板，农夫山泉10箱，怡宝5箱，明天下午三点前送到，电话 13800001111"),
    ("CU-HX", "鲜牛奶950ml 3箱，鲜鸡蛋 6 盒，备注：送到后门"),
    ("CU-WC", "滤纸两箱；随行杯 4 个。不对，随行杯改成 6 个"),
)


@contextlib.contextmanager
def lend() -> Iterator[Desk]:
    """Serve the transcription service while the demo plays."""
    desk = Desk()
    with speech_desk.serve(desk):
        yield desk


async def stock_menu(connection: Connection, tenant: int) -> None:
    """Add a menu to the merchant's goods, with stock in one warehouse, unless it is there."""
    goods = [msgspec.convert(row, Sku) for row in menus.goods()]
    known = await selling_masters.known_skus(connection, tenant, [sku.code for sku in goods])
    if len(known) == len(goods):
        return
    levels = [StockLevel(warehouse=WAREHOUSE, sku=sku.code, on_hand=800) for sku in goods]
    await catalogues.put_skus(connection, tenant, goods, furnishing.TELLER)
    await shelves.count_stock(connection, tenant, levels, "期初盘点", furnishing.TELLER)


async def play(client: httpx.AsyncClient, desk: Desk) -> None:
    """Name what the menu has, and send originals; a second time sends the same ones."""
    for path, rows in (
        ("directory", menus.directory(WAREHOUSE)),
        ("options", menus.options()),
        ("units", menus.units()),
        ("aliases", menus.aliases()),
    ):
        await caller.ask(client, "PUT", f"/v1/names/{path}", json=rows)
    await _register(client, desk)
    for n, (store, speaker, said) in enumerate(_SPOKEN):
        source = {"store": store, "speaker": speaker, "lang": "zh", "via": "console"}
        await _send(client, f"spoken-{n}", recordings.spoken(said), "audio/wav", source)
    for n, (customer, written) in enumerate(_WRITTEN):
        source = {"customer": customer, "via": "console"}
        await _send(client, f"written-{n}", written.encode(), "text/plain", source)
    if find_spec("rapidocr") and find_spec("PIL"):
        await _photograph(client)


async def _register(client: httpx.AsyncClient, desk: Desk) -> None:
    wish: dict[str, Any] = {
        "kind": "speech",
        "adapter": "openai-audio",
        "title": _SERVICE,
        "url": desk.url,
        "options": OPTIONS,
        "secrets": SECRETS,
        "price_second": 2,
        "quota_day": 20_000,
    }
    found = (await caller.ask(client, "GET", "/v1/perceivers")).json()["items"]
    known = next((one for one in found if one["title"] == _SERVICE), None)
    if known is None:
        await caller.ask(client, "POST", "/v1/perceivers", json=wish)
    else:
        await caller.ask(client, "PUT", f"/v1/perceivers/{known['id']}", json=wish)


async def _photograph(client: httpx.AsyncClient) -> None:
    from danshu.testing import papers  # draws with the extra `vision`

    lines = tuple(
        [
            papers.Line(code=code, name=name, unit=unit, quantity=n, price_fen=fen)
            for code, name, unit, n, fen in (
                ("WT-NF", "农夫山泉550ml", "箱", 20, 4_800),
                ("RT-FILTER", "滤纸100张", "包", 12, 2_500),
                ("RT-BEAN", "咖啡豆454g", "包", 30, 8_800),
            )
        ]
    )
    paper = papers.Paper(
        layout=papers.SEEN[0],
        customer=("CU-WC", "皖北文昌印务", "安徽省合肥市肥东县店埠镇龙脊山路1号"),
        number="WC-261122-03",
        date=(2026, 11, 22),
        due=(2026, 12, 6),
        lines=lines,
    )
    picture = papers.encode(papers.photograph(papers.draw(paper), seed=8))
    source = {"customer": "CU-WC", "via": "console"}
    await _send(client, "photo-0", picture, "image/jpeg", source)


async def _send(
    client: httpx.AsyncClient, key: str, body: bytes, media_type: str, source: dict[str, str]
) -> None:
    headers = {
        "content-type": media_type,
        "idempotency-key": f"demo-{key}",
        "danshu-source": json.dumps({n: v for n, v in source.items() if v}),
    }
    asked = {"modality": "photo"} if media_type.startswith("image/") else {}
    await caller.ask(client, "POST", "/v1/originals", content=body, headers=headers, params=asked)
