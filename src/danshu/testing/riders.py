"""Reference servers of rider services over HTTP: one in the form of Uber Direct, one in that of
WeChat's immediate delivery. They check tokens, signatures, prices and times as these would.

`delay_s` holds answers back, `silent` gives none at all (the connection is cut), `break_after`
loses answers after a delivery was made, `refuse` says no to orders.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

UBER: Final = {"customer_id": "cus_tests", "client_id": "c-1", "client_secret": "s-1"}
WECHAT: Final = {
    "app_id": "wx-tests",
    "app_secret": "app-secret",
    "shop_id": "shop-1",
    "shop_secret": "shop-secret",
    "shop_no": "S001",
    "openid": "o-tests",
}
_TOKEN: Final = "tests-token"
_UBER_VALID_S: Final = 900
_DADA_VALID_S: Final = 180
Answer = tuple[int, dict[str, Any]]


def sign(shop: str, order: str, secret: str) -> str:
    """Give delivery_sign as WeChat's immediate delivery wants it."""
    return hashlib.sha1(f"{shop}{order}{secret}".encode(), usedforsecurity=False).hexdigest()


class Delivery(Struct, kw_only=True):
    """A delivery that was made: its number, the key under which it came, how often, its state."""

    number: str
    key: str
    fee: int
    came: int = 1
    cancelled: bool = False


class Fleet:
    """What a service knows, and how it fails. `fee_fen` is its price."""

    def __init__(self, fee_fen: int = 1_200, ride_s: int = 1_800) -> None:
        self.url = ""
        self.fee_fen = fee_fen
        self.ride_s = ride_s
        self.delay_s = 0.0
        self.silent = False
        self.refuse = False
        self.break_after = 0
        self.quotes: dict[str, tuple[int, float]] = {}  # token -> price, valid until
        self.deliveries: dict[str, Delivery] = {}  # key -> delivery
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.gate = threading.Event()  # answers to orders wait for it
        self.gate.set()
        self._lock = threading.Lock()

    def quote(self, prefix: str, valid_s: int) -> str:
        """Bind a price for a while; gives its token."""
        with self._lock:
            token = f"{prefix}{len(self.quotes) + 1:06d}"
            self.quotes[token] = (self.fee_fen, time.time() + valid_s)
            return token

    def order(self, prefix: str, key: str, token: str) -> Delivery | str:
        """Make a delivery once a key; gives it, or why not."""
        with self._lock:
            known = self.deliveries.get(key)
            if known is not None:
                known.came += 1
                return known
            if self.refuse:
                return "no riders"
            fee, until = self.quotes.get(token, (self.fee_fen, 0.0))
            if token and until < time.time():
                return "expired quote"
            made = Delivery(number=f"{prefix}{len(self.deliveries) + 1:06d}", key=key, fee=fee)
            self.deliveries[key] = made
            return made

    def loses(self) -> bool:
        """Tell whether this answer is lost on its way."""
        with self._lock:
            if self.break_after:
                self.break_after -= 1
                return True
            return False


def _iso(at_s: float) -> str:
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat().replace("+00:00", "Z")


def _when(told: dict[str, Any], name: str) -> float:
    return datetime.datetime.fromisoformat(told[name]).timestamp()


def _check_times(told: dict[str, Any]) -> str:
    """What Uber Direct demands of the four instants; "" when they are right."""
    ready, pickup = _when(told, "pickup_ready_dt"), _when(told, "pickup_deadline_dt")
    drop, end = _when(told, "dropoff_ready_dt"), _when(told, "dropoff_deadline_dt")
    if pickup < ready + 600 or pickup < time.time() + 1200:
        return "pickup_deadline_dt"
    if drop > pickup:
        return "dropoff_ready_dt"
    return "dropoff_deadline_dt" if end < drop + 1200 or end < pickup else ""


def uber(fleet: Fleet, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """Answer as Uber Direct."""
    if path == "/oauth/v2/token":
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        right = form.get("client_secret") == UBER["client_secret"]
        if not right or form.get("scope") != "eats.deliveries":
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": _TOKEN, "expires_in": 2_592_000, "token_type": "Bearer"}
    if headers.get("authorization") != f"Bearer {_TOKEN}":
        return 401, {"code": "unauthorized", "message": "no token"}
    base = f"/v1/customers/{UBER['customer_id']}/"
    told = json.loads(body or b"{}")
    fleet.asked.append((path, told))
    if not path.startswith(base):
        return 404, {"code": "customer_not_found", "message": path}
    act = path.removeprefix(base)
    if act.endswith("/cancel"):
        number = act.split("/")[1]
        for each in fleet.deliveries.values():
            if each.number == number:
                each.cancelled = True
                return 200, {"id": number, "status": "canceled"}
        return 404, {"code": "unknown_delivery", "message": number}
    wrong = _check_times(told)
    if wrong:
        return 400, {"code": "invalid_params", "message": wrong}
    if act == "delivery_quotes":
        now = time.time()
        id_ = fleet.quote("dqt_", _UBER_VALID_S)
        return 200, {
            "kind": "delivery_quote",
            "id": id_,
            "created": _iso(now),
            "expires": _iso(now + _UBER_VALID_S),
            "fee": fleet.fee_fen,
            "currency_type": "CNY",
            "dropoff_eta": _iso(now + fleet.ride_s),
            "duration": fleet.ride_s // 60,
            "pickup_duration": 10,
            "dropoff_deadline": told["dropoff_deadline_dt"],
        }
    made = fleet.order("del_", told.get("idempotency_key", ""), told.get("quote_id", ""))
    if isinstance(made, str):
        return 422, {"code": made.replace(" ", "_"), "message": made}
    return 200, {"id": made.number, "quote_id": told["quote_id"], "fee": made.fee}


def wechat(fleet: Fleet, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """Answer as WeChat's immediate delivery, for 达达 and 顺丰同城."""
    del headers
    told = json.loads(body or b"{}")
    parts = urlsplit(path)
    if parts.path == "/cgi-bin/stable_token":
        if told.get("secret") != WECHAT["app_secret"]:
            return 200, {"errcode": 40125, "errmsg": "invalid appsecret"}
        return 200, {"access_token": _TOKEN, "expires_in": 7_200}
    if parse_qs(parts.query).get("access_token") != [_TOKEN]:
        return 200, {"errcode": 40001, "errmsg": "invalid credential"}
    fleet.asked.append((parts.path, told))
    key = told.get("shop_order_id", "")
    if told.get("delivery_sign") != sign(WECHAT["shop_id"], key, WECHAT["shop_secret"]):
        return 200, {"resultcode": 930_566, "resultmsg": "signature"}
    act = parts.path.rpartition("/")[2]
    if act == "cancel":
        known = fleet.deliveries.get(key)
        if known is None:
            return 200, {"resultcode": 930_561, "resultmsg": "no such order"}
        known.cancelled = True
        return 200, {"resultcode": 0, "resultmsg": "ok", "deduct_fee": 0}
    is_dada = told.get("delivery_id") == "DADA"
    price = {"fee": fleet.fee_fen / 100, "deliverfee": fleet.fee_fen / 100, "distance": 3_200}
    good: dict[str, Any] = {"resultcode": 0, "resultmsg": "ok", **price}
    if act == "pre_add":
        if is_dada:
            good["delivery_token"] = fleet.quote("tk", _DADA_VALID_S)
        return 200, {**good, "dispatch_duration": 300}
    made = fleet.order("WB", key, told.get("delivery_token", "") if is_dada else "")
    if isinstance(made, str):
        return 200, {"resultcode": 930_563, "resultmsg": made}
    return 200, {**good, "waybill_id": made.number, "order_status": 101}


def _is_order(path: str) -> bool:
    return path.partition("?")[0].endswith(("/deliveries", "/order/add"))


@contextlib.contextmanager
def serve(form: str, fee_fen: int = 1_200) -> Iterator[Fleet]:
    """Serve one form ("uber-direct", "dada" or "sf-city") on a free port of this machine."""
    fleet = Fleet(fee_fen)
    answer = uber if form == "uber-direct" else wechat

    def respond(asked: Asked) -> far_side.Answer | None:
        if fleet.delay_s:
            time.sleep(fleet.delay_s)
        cut = fleet.silent
        status, told = (0, {}) if cut else answer(fleet, asked.target, asked.headers, asked.body)
        if _is_order(asked.target):
            fleet.gate.wait()
            cut = cut or (status == 200 and fleet.loses())
        return None if cut else tell(told, status)

    with far_side.serve(respond) as fleet.url:
        try:
            yield fleet
        finally:
            fleet.gate.set()
