"""Reference servers of what the shipped woven capabilities call: a WMS that answers about stock, a
TMS that answers about capacity, a platform that is told of shipments. Each proves who asks in its
own way, and keeps what it was asked.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

WMS_KEY: Final = "10001"
WMS_SECRET: Final = "secret of the reference WMS"
TMS_CLIENT: Final = "danshu"
TMS_SECRET: Final = "secret of the reference TMS"
SHOP_TOKEN: Final = "token of the reference platform"
_SKEW_S: Final = 300
_TOKEN_S: Final = 3_600


class StockDesk:
    """A WMS: `stock` is (warehouse, SKU) -> (all, locked); `backlog_min` by warehouse."""

    def __init__(self) -> None:
        self.stock: dict[tuple[str, str], tuple[int, int]] = {}
        self.backlog_min: dict[str, int] = {}
        self.busy = 0  # of the next answers say that there are too many calls
        self.asked: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Answer:
        """Answer one query; 401 without a signature of this minute."""
        if asked.method != "POST" or asked.path != "/openapi/v2/inventory/query":
            return tell({"success": False, "errorCode": "S404"}, 404)
        at = asked.headers.get("x-timestamp", "")
        text = "\n".join([WMS_KEY, at, asked.method, asked.path, asked.body.decode()])
        wanted = hmac.new(WMS_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        is_fresh = at.isdigit() and abs(time.time() - int(at)) < _SKEW_S
        if not is_fresh or not hmac.compare_digest(wanted, asked.headers.get("x-sign", "")):
            return tell({"success": False, "errorCode": "S401", "errorMsg": "签名无效"}, 401)
        told = json.loads(asked.body)
        self.asked.append(told)
        if self.busy:
            self.busy -= 1
            return tell({"success": False, "errorCode": "S429", "errorMsg": "调用过于频繁"})
        warehouse = str(told.get("warehouseCode", ""))
        if warehouse not in self.backlog_min:
            return tell({"success": False, "errorCode": "W001", "errorMsg": "仓库不存在"})
        items = [
            {
                "itemCode": sku,
                "warehouseCode": warehouse,
                "totalQty": str(self.stock[warehouse, sku][0]),
                "lockQty": str(self.stock[warehouse, sku][1]),
            }
            for sku in told.get("itemCodes", [])
            if (warehouse, sku) in self.stock
        ]
        backlog = self.backlog_min[warehouse]
        return tell({"success": True, "data": {"pickBacklogMinutes": backlog, "items": items}})


class LaneDesk:
    """A TMS: `lanes` is lane -> carriers as they are told; tokens are granted and end."""

    def __init__(self) -> None:
        self.lanes: dict[str, list[dict[str, Any]]] = {}
        self.tokens: set[str] = set()
        self.granted = 0
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        """Grant a token (RFC 6749, 4.4), or answer about a lane."""
        if asked.path == "/oauth/token":
            return self._grant(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return tell({"error": "invalid_token"}, 401)
        parts = asked.path.split("/")
        if len(parts) != 5 or parts[1:3] != ["v1", "lanes"] or parts[4] != "capacity":
            return tell({"message": "no such path"}, 404)
        self.asked.append(asked.target)
        carriers = self.lanes.get(parts[3])
        if carriers is None:
            return tell({"message": f"lane {parts[3]} is not served"}, 404)
        return tell({"lane": parts[3], "capacities": carriers})

    def _grant(self, asked: Asked) -> Answer:
        who = base64.b64encode(f"{TMS_CLIENT}:{TMS_SECRET}".encode()).decode()
        is_known = asked.headers.get("authorization") == f"Basic {who}"
        if not is_known or asked.form.get("grant_type") != "client_credentials":
            return tell({"error": "invalid_client"}, 401)
        token = secrets.token_urlsafe(24)
        with self._lock:
            self.tokens.add(token)
            self.granted += 1
        return tell({"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_S})


class ShopDesk:
    """A platform that is told of shipments: a key that comes again gives the first answer."""

    def __init__(self) -> None:
        self.shipped: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        """Take the news of one shipment."""
        if asked.headers.get("authorization") != f"Bearer {SHOP_TOKEN}":
            return tell({"error": "unauthorised"}, 401)
        parts = asked.path.split("/")
        if asked.method != "POST" or len(parts) != 4 or parts[3] != "shipments":
            return tell({"error": "not_found"}, 404)
        key, order = asked.headers.get("idempotency-key", ""), parts[2]
        with self._lock:
            if key in self._answers:
                return self._answers[key]
            if order in self.shipped:
                return tell({"error": "already_shipped", "message": "已发货"}, 409)
            self.shipped[order] = json.loads(asked.body)
            told = {"shipment_id": 88_000 + len(self.shipped), "status": "shipped"}
            self._answers[key] = tell(told)
            return self._answers[key]


@contextlib.contextmanager
def stock_desk(port: int = 0) -> Iterator[tuple[StockDesk, str]]:
    """Serve the WMS; gives it and its origin."""
    desk = StockDesk()
    with far_side.serve(desk.answer, port) as url:
        yield desk, url


@contextlib.contextmanager
def lane_desk(port: int = 0) -> Iterator[tuple[LaneDesk, str]]:
    """Serve the TMS; gives it and its origin."""
    desk = LaneDesk()
    with far_side.serve(desk.answer, port) as url:
        yield desk, url


@contextlib.contextmanager
def shop_desk(port: int = 0) -> Iterator[tuple[ShopDesk, str]]:
    """Serve the platform; gives it and its origin."""
    desk = ShopDesk()
    with far_side.serve(desk.answer, port) as url:
        yield desk, url
