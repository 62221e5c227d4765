"""WeChat Pay and Alipay: what is signed is what the documents say, computed here another way; and
the reference services, which prove our signatures, take and give what the adapters say.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from danshu.adapters.connectors.alipay import Alipay
from danshu.adapters.connectors.wechat_pay import WechatPay
from danshu.hub import outside, wires
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.payment import Refund, Refunded
from danshu.ports.connector import Account, Answer, Call, Hearing, Send, Verdict
from danshu.testing import alipay, wechat_pay

AT_MS = 1_796_000_000_000
ASK = Refund(payment="SO-1", amount=1999, total=5000, reason="七天无理由")
CALL = Call(key="danshu-case-1", operation="refund", subject="o", body=msgspec.json.encode(ASK))
SENT: list[tuple[str, str, dict[str, str], bytes]] = []


def by_wire(what: Callable[[Send], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with wires.open_wire() as wire:
            return await what(wires.sender(wire, "the far side", outside.Reach(5, 65_536, 1)))

    return asyncio.run(run())


def listen(answer: Answer) -> Send:
    async def send(method: str, url: str, headers: Any, body: bytes) -> Answer:
        SENT.append((method, url, dict(headers), body))
        return answer

    return send


def wechat_account(url: str = "https://pay.example") -> Account:
    return Account(url=url, options=wechat_pay.options(), secrets=wechat_pay.account_secrets())


def alipay_account(url: str = "https://openapi.example/gateway.do") -> Account:
    secrets = alipay.account_secrets()
    return Account(url=url, options={"app_id": alipay.APP_ID}, secrets=secrets)


def test_wechat_signs_these_very_lines() -> None:
    answer = Answer(status=401, body=b"{}")
    with pytest.raises(InputError):
        asyncio.run(WechatPay().call(wechat_account(), listen(answer), CALL, AT_MS))
    method, url, headers, body = SENT.pop()
    assert (method, url) == ("POST", "https://pay.example/v3/refund/domestic/refunds")
    scheme, _, rest = headers["authorization"].partition(" ")
    given = {k: v.strip('"') for k, v in (f.split("=", 1) for f in rest.split(","))}
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert given["timestamp"] == "1796000000"
    text = b"\n".join(
        (b"POST", b"/v3/refund/domestic/refunds", b"1796000000", given["nonce_str"].encode(), body)
    )
    expected = wechat_pay.merchant_key().sign(text + b"\n", padding.PKCS1v15(), hashes.SHA256())
    assert given["signature"] == base64.b64encode(expected).decode()
    told = json.loads(body)
    assert told["amount"] == {"refund": 1999, "total": 5000, "currency": "CNY"}
    assert told["out_refund_no"] == CALL.key


def test_alipay_signs_these_very_fields() -> None:
    answer = Answer(status=200, body=b"no JSON")
    with pytest.raises(NotAvailable):
        asyncio.run(Alipay().call(alipay_account(), listen(answer), CALL, AT_MS))
    form = dict(parse_qsl(SENT.pop()[3].decode()))
    assert form["timestamp"] == "2026-11-30 08:53:20"  # Shanghai's clock
    assert json.loads(form["biz_content"])["refund_amount"] == "19.99"
    signature = base64.b64decode(form.pop("sign"))
    text = "&".join(f"{k}={form[k]}" for k in sorted(form))
    key = alipay.app_key().public_key()
    key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


SIDES: dict[str, tuple[Any, Any, Any]] = {
    "wechat": (WechatPay(), wechat_pay.serve, wechat_account),
    "alipay": (Alipay(), alipay.serve, alipay_account),
}


@pytest.mark.parametrize("side", SIDES)
def test_a_refund_whose_answer_is_lost_moves_the_money_once(side: str) -> None:
    adapter, serve, account = SIDES[side]
    now_ms = _now_ms()
    with serve() as pay:
        at = account(pay.url)

        async def run(send: Send) -> None:
            assert await adapter.find(at, send, CALL, now_ms) is None
            pay.lose = 1
            with pytest.raises(NotAvailable):
                await adapter.call(at, send, CALL, now_ms)
            found = await adapter.find(at, send, CALL, now_ms)
            again = await adapter.call(at, send, CALL, now_ms)
            for reply in (found, again):
                assert reply is not None
                assert reply.verdict is Verdict.DONE
                assert msgspec.json.decode(reply.body, type=Refunded).amount == 1999
            await adapter.probe(at, send, now_ms)

        by_wire(run)
        assert len(pay.refunds) == 1


@pytest.mark.parametrize("side", SIDES)
def test_another_key_of_the_merchant_is_not_believed(side: str) -> None:
    adapter, serve, account = SIDES[side]
    with serve() as pay:
        good = account(pay.url)
        other = wechat_pay.public_pem(wechat_pay.merchant_key())
        name = "platform_public_key" if side == "wechat" else "alipay_public_key"
        bad = msgspec.structs.replace(good, secrets={**good.secrets, name: other})

        async def run(send: Send) -> None:
            with pytest.raises(NotAvailable, match="not signed"):
                await adapter.call(bad, send, CALL, _now_ms())

        by_wire(run)


def test_a_business_no_of_each() -> None:
    with wechat_pay.serve() as pay:
        over = Refund(payment="SO-1", amount=6000, total=5000)
        call = msgspec.structs.replace(CALL, key="over", body=msgspec.json.encode(over))
        reply = by_wire(
            lambda send: WechatPay().call(wechat_account(pay.url), send, call, _now_ms())
        )
        assert (reply.verdict, reply.code) == (Verdict.REFUSED, "NOT_ENOUGH")
    with alipay.serve() as ali:
        ali.paid["SO-1"] = 1000
        reply = by_wire(lambda send: Alipay().call(alipay_account(ali.url), send, CALL, AT_MS))
        assert (reply.verdict, reply.code) == (Verdict.REFUSED, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")


def test_wechats_notice_is_opened_and_a_forged_or_old_one_is_not() -> None:
    adapter, account, now_ms = WechatPay(), wechat_account(), _now_ms()
    with wechat_pay.serve() as pay:
        pay.slow = True
        at = wechat_account(pay.url)
        first = by_wire(lambda send: adapter.call(at, send, CALL, now_ms))
        assert first.verdict is Verdict.PENDING
        headers, body = pay.settle(CALL.key, "SUCCESS")
        old, _ = pay.settle(CALL.key, "SUCCESS", now_ms // 1000 - 400)
    (news,) = adapter.hear(account, Hearing(body=body, headers=headers), now_ms)
    assert news.key == CALL.key
    assert news.reply is not None
    assert news.reply.verdict is Verdict.DONE
    tampered = body.replace(b"REFUND.SUCCESS", b"REFUND.CLOSED")
    for hearing in (
        Hearing(body=tampered, headers=headers),
        Hearing(body=body, headers=old),
        Hearing(body=body, headers={}),
    ):
        with pytest.raises(InputError) as raised:
            adapter.hear(account, hearing, now_ms)
        assert raised.value.code == "bad_signature"


def test_alipays_notice_is_read_and_a_forged_one_is_not() -> None:
    adapter, account = Alipay(), alipay_account()
    with alipay.serve() as pay:
        pay.slow = True
        at = alipay_account(pay.url)
        first = by_wire(lambda send: adapter.call(at, send, CALL, AT_MS))
        assert first.verdict is Verdict.PENDING
        body = pay.settle(CALL.key)
    (news,) = adapter.hear(account, Hearing(body=body), AT_MS)
    assert news.key == CALL.key
    assert news.reply is not None
    assert msgspec.json.decode(news.reply.body, type=Refunded).amount == 1999
    with pytest.raises(InputError) as raised:
        adapter.hear(account, Hearing(body=body.replace(b"19.99", b"99.99")), AT_MS)
    assert raised.value.code == "bad_signature"
    assert adapter.acknowledge(True)[2] == b"success"


def test_a_nonce_is_another_at_each_try() -> None:
    seen = set()
    for at_ms in (AT_MS, AT_MS + 1):
        answer = Answer(status=401, body=b"{}")
        with pytest.raises(InputError):
            asyncio.run(WechatPay().call(wechat_account(), listen(answer), CALL, at_ms))
        seen.add(hashlib.sha256(SENT.pop()[2]["authorization"].encode()).digest())
    assert len(seen) == 2


def _now_ms() -> int:
    return int(time.time() * 1000)
