"""Messages as eight platforms send them, invented, consistent to the 分, signed as documented.

The shapes are those of the platforms' interfaces; names, numbers, phones and ciphertexts belong to
nobody. The same arguments give the same bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from base64 import b64encode
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.ports.channel import Message
from danshu.testing.baskets import draw_basket, wall_time
from danshu.testing.messages_abroad import amazon_order, shopify_order, woocommerce_order
from danshu.testing.messages_china import jd_order, pdd_order, taobao_trade
from danshu.testing.messages_social import douyin_order, wechat_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.testing.baskets import Basket

_BUILDERS: Final[dict[str, Callable[[random.Random, Basket], dict[str, object]]]] = {
    "taobao": taobao_trade,
    "jd": jd_order,
    "pdd": pdd_order,
    "douyin": douyin_order,
    "wechat-miniprogram": wechat_order,
    "shopify": shopify_order,
    "woocommerce": woocommerce_order,
    "amazon": amazon_order,
}
CHANNELS: Final = tuple(_BUILDERS)
_ABROAD: Final = frozenset({"shopify", "woocommerce", "amazon"})


def message(channel: str, number: int, seed: int, now_ms: int) -> bytes:
    """Make the body of one paid order that waits for dispatch, placed shortly before `now_ms`.

    `number` (0..10^9) and `seed` (modulo 1,000) make the platform's order number; for PDD the day
    does too. Raises KeyError for a channel that is not in CHANNELS (hyphen or underscore).
    """
    name = channel.replace("_", "-")
    build = _BUILDERS[name]
    rng = random.Random(f"{name}/{seed}/{number}")
    basket = draw_basket(rng, number, seed, now_ms, abroad=name in _ABROAD)
    return msgspec.json.encode(build(rng, basket))


def sign(channel: str, body: bytes, secret: str, key: str = "demo", now_ms: int = 0) -> Message:
    """Give the message as it comes in over HTTP: the body, signed headers and query parameters.

    `key` is the account's app key (client id): douyin's signature needs the account's own.
    Raises KeyError for an unknown channel.
    """
    name = channel.replace("_", "-")
    if name not in _BUILDERS:
        raise KeyError(channel)
    if name in ("taobao", "jd", "pdd"):
        return Message(body=body, query=_sign_query(name, body, secret, key, now_ms))
    if name == "wechat-miniprogram":
        return Message(body=body, query=_sign_wechat(body, secret, now_ms))
    return Message(body=body, headers=_sign_headers(name, body, secret, key))


def _sign_query(name: str, body: bytes, secret: str, key: str, now_ms: int) -> dict[str, str]:
    """TOP, JOS and 拼多多: md5 over sorted parameters between two secrets."""
    if name == "taobao":
        query = {"app_key": key, "format": "json", "method": "taobao.trade.fullinfo.get"}
        query |= {"sign_method": "md5", "timestamp": wall_time(now_ms), "v": "2.0"}
        payload = _join(query) + body
    elif name == "jd":
        query = {"app_key": key, "access_token": "demo-token", "v": "2.0"}
        query |= {"method": "jingdong.pop.order.get", "timestamp": wall_time(now_ms) + ".000+0800"}
        payload = _join({**query, "360buy_param_json": body.decode()})
    else:
        query = {"client_id": key, "data_type": "JSON", "timestamp": str(now_ms // 1000)}
        query |= {"type": "pdd.order.information.get"}
        payload = _join(query) + body
    wrapped = secret.encode() + payload + secret.encode()
    query["sign"] = hashlib.md5(wrapped, usedforsecurity=False).hexdigest().upper()
    return query


def _sign_wechat(body: bytes, secret: str, now_ms: int) -> dict[str, str]:
    """sha1 over the sorted token, timestamp, nonce; `msg_signature` covers the body as well."""
    timestamp, nonce = str(now_ms // 1000), hashlib.sha256(body).hexdigest()[:10]
    return {
        "timestamp": timestamp,
        "nonce": nonce,
        "signature": _sha1_sorted(secret, timestamp, nonce),
        "msg_signature": _sha1_sorted(secret, timestamp, nonce, body.decode()),
    }


def _sign_headers(name: str, body: bytes, secret: str, key: str) -> dict[str, str]:
    digest = hmac.digest(secret.encode(), body, "sha256")
    if name == "douyin":
        signed = key.encode() + body + secret.encode()
        sign_hex = hashlib.md5(signed, usedforsecurity=False).hexdigest()
        return {"app-id": key, "event-sign": sign_hex}
    if name == "amazon":  # no push of its own: the hub's poller signs what it fetched
        return {"x-danshu-signature": digest.hex()}
    encoded = b64encode(digest).decode()
    if name == "shopify":
        return {"x-shopify-topic": "orders/paid", "x-shopify-hmac-sha256": encoded}
    return {"x-wc-webhook-topic": "order.updated", "x-wc-webhook-signature": encoded}


def _join(parameters: dict[str, str]) -> bytes:
    return "".join(key + parameters[key] for key in sorted(parameters)).encode()


def _sha1_sorted(*parts: str) -> str:
    joined = "".join(sorted(parts)).encode()
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()
