"""WeChat's immediate delivery 即时配送: one form for several companies; here 达达 and 顺丰同城.

    POST /cgi-bin/stable_token             {grant_type, appid, secret} -> {access_token, expires_in}
    POST /cgi-bin/express/local/business/order/pre_add?access_token=…   preAddOrder
    -> {resultcode, resultmsg, fee (元), deliverfee, distance, dispatch_duration (s),
        delivery_token}
    POST …/order/add      the same, with delivery_token -> {resultcode, waybill_id, fee, …}
    POST …/order/cancel   {shopid, shop_order_id, shop_no, delivery_sign, delivery_id, …}

`delivery_sign` is SHA-1 (hex) of shopid, shop_order_id and the company's appSecret written one
after another. 达达 locks the price for three minutes by its delivery_token; 顺丰同城 gives none, so
that its quote is held to as long. After developers.weixin.qq.com (immediate-delivery, by-business).
Not verified against the service: that `add` under a known shop_order_id gives the first waybill
again, and that a token may be left out where there was none.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote as escape

from danshu.adapters.riders._reading import read_object, refuse
from danshu.kernel.errors import NotAvailable
from danshu.ports.carrier_quote import Quote

if TYPE_CHECKING:
    from danshu.ports.carrier_quote import Account, Call, Place, Send

TOKEN_MS: Final = 180_000
_RIDE_MS: Final = 45 * 60_000  # from the rider's acceptance to the door, where nothing is said
_FEN_IN_YUAN: Final = 100
_MOST_YUAN: Final = 10_000
_SLACK_MS: Final = 60_000
_NUMBER: Final = re.compile(r"[0-9A-Za-z_\-]{1,128}", re.ASCII)
_ENDED: Final = frozenset({40001, 42001})  # the access token ended
_BUSINESS: Final = "/cgi-bin/express/local/business/order/"
_NOT_WANTED: Final = 1  # cancel_reason_id: 暂时不需要邮寄


def sign(shop: str, order: str, secret: str) -> str:
    """Give delivery_sign."""
    return hashlib.sha1(f"{shop}{order}{secret}".encode(), usedforsecurity=False).hexdigest()


class WechatLocal:
    """The adapter to one company behind the form."""

    company = ""
    cancels_by_key = True

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], tuple[str, int]] = {}

    async def quote(self, account: Account, send: Send, call: Call, at_ms: int) -> Quote:
        """Ask for a price in advance."""
        data = await self._post(account, send, "pre_add", self._order(account, call, at_ms), at_ms)
        fee, token = data.get("fee"), data.get("delivery_token") or ""
        if not isinstance(fee, int | float) or not 0 <= fee <= _MOST_YUAN:
            raise NotAvailable("the fee can't be read")
        waits = data.get("dispatch_duration")
        waits_ms = int(waits * 1000) if isinstance(waits, int | float) and waits > 0 else 0
        return Quote(
            token=str(token),
            fee_fen=round(fee * _FEN_IN_YUAN),
            eta_ms=max(call.start_ms, at_ms + waits_ms + _RIDE_MS),
            valid_ms=at_ms + TOKEN_MS,
        )

    async def order(
        self, account: Account, send: Send, call: Call, quote: Quote, at_ms: int
    ) -> str:
        """Order the delivery; the token keeps the price."""
        asked = self._order(account, call, at_ms)
        if quote.token:
            asked["delivery_token"] = quote.token
        data = await self._post(account, send, "add", asked, at_ms)
        number = str(data.get("waybill_id") or "")
        if not _NUMBER.fullmatch(number):
            raise NotAvailable("the waybill's number can't be read")
        return number

    async def cancel(
        self, account: Account, send: Send, call: Call, number: str, at_ms: int
    ) -> None:
        """Cancel a delivery by our own number of it."""
        asked = {
            **self._named(account, call),
            "waybill_id": number,
            "cancel_reason_id": _NOT_WANTED,
            "cancel_reason": "",
        }
        await self._post(account, send, "cancel", asked, at_ms)

    def _named(self, account: Account, call: Call) -> dict[str, Any]:
        options = account.options
        shop = options.get("shop_id", "")
        return {
            "shopid": shop,
            "shop_order_id": call.key,
            "shop_no": options.get("shop_no", ""),
            "delivery_sign": sign(shop, call.key, options.get("shop_secret", "")),
            "delivery_id": self.company,
        }

    def _order(self, account: Account, call: Call, at_ms: int) -> dict[str, Any]:
        return {
            **self._named(account, call),
            "openid": account.options.get("openid", ""),
            "sender": _person(call.pickup),
            "receiver": _person(call.dropoff),
            "cargo": {
                "goods_value": call.value_fen / _FEN_IN_YUAN,
                "goods_weight": call.weight_g / 1000,
                "goods_detail": {"goods": [{"good_count": 1, "good_name": call.goods}]},
                "cargo_first_class": "其它",
                "cargo_second_class": "其它",
            },
            "order_info": {
                "order_type": 1,  # by appointment: there is a window
                "expected_delivery_time": call.end_ms // 1000,
                "order_time": at_ms // 1000,
                "is_insured": 0,
            },
            "shop": {"goods_name": call.goods, "goods_count": 1},
        }

    async def _post(
        self, account: Account, send: Send, act: str, asked: dict[str, Any], at_ms: int
    ) -> dict[str, Any]:
        token = await self._token(account, send, at_ms)
        url = f"{account.url.rstrip('/')}{_BUSINESS}{act}?access_token={escape(token, safe='')}"
        body = json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()
        data = read_object(*await send("POST", url, {"content-type": "application/json"}, body))
        if data.get("errcode") in _ENDED:
            self._tokens.pop(_place(account), None)
            raise NotAvailable("the access token ended")
        if data.get("errcode", 0) != 0:
            raise refuse(f"{data.get('errcode')} {data.get('errmsg', '')}")
        if data.get("resultcode", 0) != 0:
            raise refuse(f"{data.get('resultcode')} {data.get('resultmsg', '')}")
        return data

    async def _token(self, account: Account, send: Send, at_ms: int) -> str:
        kept = self._tokens.get(_place(account))
        if kept and kept[1] > at_ms + _SLACK_MS:
            return kept[0]
        asked = {
            "grant_type": "client_credential",
            "appid": account.options.get("app_id", ""),
            "secret": account.options.get("app_secret", ""),
        }
        url = account.url.rstrip("/") + "/cgi-bin/stable_token"
        headers = {"content-type": "application/json"}
        data = read_object(*await send("POST", url, headers, json.dumps(asked).encode()))
        token, lives_s = data.get("access_token"), data.get("expires_in")
        if not isinstance(token, str) or not isinstance(lives_s, int):
            raise refuse(data.get("errmsg", "no access token"))
        self._tokens[_place(account)] = (token, at_ms + lives_s * 1000)
        return token


class Dada(WechatLocal):
    """达达."""

    company = "DADA"


class SfCity(WechatLocal):
    """顺丰同城急送."""

    company = "SFTC"


def _place(account: Account) -> tuple[str, str]:
    return account.url, account.options.get("app_id", "")


def _person(place: Place) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": place.name,
        "city": place.city,
        "address": place.address,
        "address_detail": "",
        "phone": place.phone,
        "coordinate_type": 0,
    }
    if place.lng_udeg:
        told |= {"lng": place.lng_udeg / 1_000_000, "lat": place.lat_udeg / 1_000_000}
    return told
