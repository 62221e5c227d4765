"""A reference platform that lists orders as the gateways of Taobao, JD and 拼多多 do.

It checks signatures, tokens, the width of windows and how far their end lies in the past, pages by
the platform's size, and answers an unknown order with the platform's own error. `sell` makes an
order known; orders move through pages as they change, so that paging forward would miss some.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY: Final = "reference key"
SECRET: Final = "reference secret"
TOKEN: Final = "reference token"
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_NUMBERS: Final = {"taobao": "tid", "pdd": "order_sn", "jd": "orderId"}
_DAY_MS: Final = 86_400_000
_WIDEST_MS: Final = {"taobao": _DAY_MS, "pdd": 30 * 60_000, "jd": 31 * _DAY_MS}
_PDD_LAG_MS: Final = 180_000


class Sold(Struct, frozen=True):
    """An order as the platform has it, and when it last changed, epoch ms."""

    data: dict[str, Any]
    modified_ms: int


class Platform:
    """What the platform knows, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.sold: dict[tuple[str, str], Sold] = {}
        self.asked: list[tuple[str, int]] = []  # (call, page)
        self.trouble: list[int] = []  # statuses of the next answers
        self._lock = threading.Lock()

    def sell(self, channel: str, body: bytes, modified_ms: int) -> str:
        """Make an order known, as a message of the channel holds it; gives its number."""
        data = order_of(channel, json.loads(body))
        number = str(data.get("tid_str") or data[_NUMBERS[channel]])
        with self._lock:
            self.sold[channel, number] = Sold(data, modified_ms)
        return number

    def forget(self, channel: str, number: str) -> None:
        """Know an order no more."""
        with self._lock:
            self.sold.pop((channel, number), None)

    def answer(self, told: Mapping[str, str], now_ms: int) -> tuple[int, dict[str, Any]]:
        """Answer one signed call."""
        with self._lock:
            if self.trouble:
                return self.trouble.pop(0), {}
            channel = _channel_of(told)
            if _sign(told) != told.get("sign") or not _knows(channel, told):
                return 200, _error(channel, "invalid signature or session")
            asked = dict(told)
            if channel == "jd":
                asked |= {k: str(v) for k, v in json.loads(told["360buy_param_json"]).items()}
            call = told.get("type") or told["method"]
            self.asked.append((call, int(asked.get("page") or asked.get("page_no") or 0)))
            if "order_sn" in asked or "tid" in asked or "order_id" in asked:
                number = asked.get("order_sn") or asked.get("tid") or asked["order_id"]
                return 200, self._one(channel, number)
            return 200, self._page(channel, asked, now_ms)

    def _one(self, channel: str, number: str) -> dict[str, Any]:
        sold = self.sold.get((channel, number))
        if sold is None:
            words = {
                "taobao": "isv.trade-not-exist:交易订单不存在",
                "pdd": "订单不存在",
                "jd": "订单不存在",
            }
            return _error(channel, words[channel])
        if channel == "taobao":
            return {"trade_fullinfo_get_response": {"trade": sold.data}}
        if channel == "pdd":
            return {"order_info_get_response": {"order_info": sold.data}}
        return {"jingdong_pop_order_get_responce": {"orderDetailInfo": {"orderInfo": sold.data}}}

    def _page(self, channel: str, asked: Mapping[str, str], now_ms: int) -> dict[str, Any]:
        begin_ms, end_ms = _window(channel, asked)
        if end_ms - begin_ms > _WIDEST_MS[channel]:
            return _error(channel, "the window is too wide")
        if channel == "pdd" and end_ms > now_ms - _PDD_LAG_MS:
            return _error(channel, "end_updated_at lies less than 3 minutes ago")
        found = [
            s.data
            for (c, _), s in sorted(self.sold.items(), key=lambda e: e[1].modified_ms)
            if c == channel and begin_ms <= s.modified_ms < end_ms
        ]
        size = int(asked["page_size"])
        page = int(asked.get("page") or asked["page_no"])
        part = found[(page - 1) * size : page * size]
        if channel == "taobao":
            answer = {"total_results": len(found), "trades": {"trade": part}}
            return {"trades_sold_increment_get_response": answer}
        if channel == "pdd":
            answer = {"total_count": len(found), "order_sn_list": part}
            return {"order_sn_increment_get_response": answer}
        result = {"orderTotal": len(found), "orderInfoList": part}
        return {"jingdong_pop_order_search_responce": {"searchorderinfo_result": result}}


def order_of(channel: str, message: dict[str, Any]) -> dict[str, Any]:
    """Take an order out of the envelope that its channel's message has."""
    steps = {
        "taobao": ("trade_fullinfo_get_response", "trade"),
        "pdd": ("order_info_get_response", "order_info"),
        "jd": ("jingdong_pop_order_get_responce", "orderDetailInfo", "orderInfo"),
    }
    for step in steps[channel]:
        message = message.get(step, message)
    return message


def _channel_of(told: Mapping[str, str]) -> str:
    if "type" in told:
        return "pdd"
    return "taobao" if told.get("method", "").startswith("taobao.") else "jd"


def _knows(channel: str, told: Mapping[str, str]) -> bool:
    key = told.get("client_id") if channel == "pdd" else told.get("app_key")
    token = told.get("session") if channel == "taobao" else told.get("access_token")
    return (key, token) == (KEY, TOKEN)


def _sign(told: Mapping[str, str]) -> str:
    joined = "".join(k + told[k] for k in sorted(told) if k != "sign")
    wrapped = f"{SECRET}{joined}{SECRET}".encode()
    return hashlib.md5(wrapped, usedforsecurity=False).hexdigest().upper()


def _error(channel: str, words: str) -> dict[str, Any]:
    name = {"taobao": "sub_msg", "pdd": "error_msg", "jd": "zh_desc"}[channel]
    return {"error_response": {"code": 15, name: words}}


def _window(channel: str, asked: Mapping[str, str]) -> tuple[int, int]:
    if channel == "pdd":
        return int(asked["start_updated_at"]) * 1000, int(asked["end_updated_at"]) * 1000
    first = asked.get("start_modified") or asked["start_date"]
    last = asked.get("end_modified") or asked["end_date"]
    return _wall(first), _wall(last)


def _wall(text: str) -> int:
    moment = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    return round(moment.timestamp() * 1000)


@contextlib.contextmanager
def serve() -> Iterator[Platform]:
    """Serve on a free port of this machine."""
    platform = Platform()

    def respond(asked: Asked) -> Answer:
        status, told = platform.answer(asked.form, time.time_ns() // 1_000_000)
        return tell(told, status)

    with far_side.serve(respond) as origin:
        platform.url = f"{origin}/router"
        yield platform
