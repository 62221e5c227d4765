"""Every channel, by its entry point: the kit, real shapes, signatures, random damage."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.channel import Account, Draft, DraftKind, Message
from danshu.testing import messages
from danshu.testing.channels import (
    ACCOUNT,
    CHECKS,
    SIGNED_MS,
    assert_plausible,
    case_of,
    check_signature,
    load_channel,
)

PAYLOADS = Path(__file__).parent / "payloads"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "payloads"
SHARED_FILES = {
    "taobao": "taobao_trade.json",
    "jd": "jd_order.json",
    "pdd": "pdd_order.json",
    "douyin": "douyin_order.json",
    "shopify": "shopify_order.json",
    "woocommerce": "woocommerce_order.json",
}
NAMES = registry.names("channel")
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared payloads are not here")


def own_bodies(name: str) -> tuple[bytes, ...]:
    """The invented messages beside this file."""
    return tuple(path.read_bytes() for path in sorted(PAYLOADS.glob(f"{name}.*")))


def parse_one(name: str, document: object) -> Draft:
    (draft,) = load_channel(name).parse(json.dumps(document).encode())
    return draft


def test_nine_channels_are_plugged_in() -> None:
    nine = "amazon douyin jd pdd shopify table taobao wechat-miniprogram woocommerce"
    assert " ".join(NAMES) == nine
    assert load_channel("wechat_miniprogram") is load_channel("wechat-miniprogram")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Any, name: str) -> None:
    bodies = own_bodies(name)
    assert bodies
    check(case_of(name, bodies))


@pytest.mark.parametrize("name", messages.CHANNELS)
def test_invented_traffic_is_understood(name: str) -> None:
    channel = load_channel(name)
    for number in range(40):
        body = messages.message(name, number, 7, SIGNED_MS)
        (draft,) = channel.parse(body)
        assert_plausible(draft)
        assert draft.paid == draft.total > 0
        assert draft.hold == ""
        signed = messages.sign(name, body, ACCOUNT.secret, ACCOUNT.key, SIGNED_MS)
        assert channel.verify(signed, ACCOUNT)


@needs_shared
@pytest.mark.parametrize(("name", "file"), SHARED_FILES.items())
def test_real_shapes_become_orders(name: str, file: str) -> None:
    body = (SHARED / file).read_bytes()
    (draft,) = load_channel(name).parse(body)
    assert_plausible(draft)
    assert draft.kind is DraftKind.ORDER
    check_signature(case_of(name, (body,)))


@needs_shared
def test_real_sums() -> None:
    def facts(name: str) -> tuple[Any, ...]:
        (draft,) = load_channel(name).parse((SHARED / SHARED_FILES[name]).read_bytes())
        shares = [line.paid for line in draft.lines]
        return draft.number, draft.goods, draft.discount, draft.postage, draft.paid, shares

    assert facts("taobao") == ("999000317001214687", 24880, 3000, 600, 22480, [10903, 10977])
    assert facts("jd") == ("999000317001", 100, 0, 0, 100, [100])
    assert facts("pdd") == ("261120-999000317001234", 7980, 1000, 0, 6980, [6980])
    assert facts("douyin") == ("6999000317001234567", 23880, 1980, 0, 21900, [14400, 7500])
    assert facts("woocommerce") == ("727", 1800, 0, 1000, 2935, [645, 1290])
    # this body's three lines of 199.00 do not make its 398.00: a person looks at it
    assert facts("shopify") == ("600310042", 39800, 0, 0, 0, [0, 0, 0])


@needs_shared
def test_real_amazon_order_needs_its_items() -> None:
    order = json.loads((SHARED / "amazon_order.json").read_bytes())
    items = json.loads((SHARED / "amazon_order_items.json").read_bytes())
    draft = parse_one("amazon", {"order": order, "items": items})
    assert_plausible(draft)
    assert (draft.number, draft.currency, draft.paid) == ("990-0000017-4200026", "JPY", 0)
    assert [line.quantity for line in draft.lines] == [1, 2]
    assert draft.hold == "items_incomplete"  # the page carries a NextToken
    for alone, code in ((order, "items_missing"), (items, "order_missing")):
        with pytest.raises(InputError) as refused:
            parse_one("amazon", alone)
        assert refused.value.code == code


# Signatures ------------------------------------------------------------------------------------


def account(secret: str, key: str = "") -> Account:
    return Account(account="a", tenant=1, channel="c", key=key, secret=secret)


def test_jd_official_example() -> None:
    """open.jd.com, developer guide listId=2643: what JD itself computed."""
    body = (
        b'{"end_date":null,"optional_fields":null,"order_state":"WAIT_SELLER_STOCK_OUT",'
        b'"page":"1","page_size":"200","start_date":null}'
    )
    query = {
        "access_token": "yourtoken",
        "app_key": "yourappkey",
        "method": "jingdong.pop.order.search",
        "timestamp": "2021-05-07 09:20:39.683+0800",
        "v": "2.0",
        "format": "json",
        "sign_method": "md5",
        "sign": "D70825340F4084360B9362B60DFD7930",
    }
    jd = load_channel("jd")
    assert jd.verify(Message(body=body, query=query), account("yourappSecret"))
    assert not jd.verify(Message(body=body + b" ", query=query), account("yourappSecret"))


def test_what_the_platform_bears_of_a_discount_is_told() -> None:
    borne = {}
    for name in ("pdd", "douyin", "taobao"):
        (draft, *_) = load_channel(name).parse(own_bodies(name)[0])
        borne[name] = draft.subsidy
    assert borne == {"pdd": 200, "douyin": 0, "taobao": 0}
    order = json.loads(own_bodies("douyin")[0])
    inner = order.get("data", order)
    detail = inner.get("shop_order_detail", inner)
    detail |= {"platform_cost_amount": 900, "author_cost_amount": 50}
    assert parse_one("douyin", order).subsidy == 950


def test_pdd_official_example() -> None:
    """open.pinduoduo.com, document 8EC06C399636041E: what PDD itself computed."""
    query = {
        "access_token": "asd78172s8ds9a921j9qqwda12312w1w21211",
        "client_id": "1",
        "data_type": "XML",
        "order_status": "1",
        "page": "1",
        "page_size": "10",
        "timestamp": "1480411125",
        "type": "pdd.order.number.list.get",
        "sign": "E4DE3ED21002510DED352819E7AE6775",
    }
    pdd = load_channel("pdd")
    assert pdd.verify(Message(body=b"", query=query), account("testSecret"))
    assert not pdd.verify(Message(body=b"", query={**query, "page": "2"}), account("testSecret"))


def test_taobao_takes_sha256_too() -> None:
    query = {"app_key": "1", "sign_method": "hmac-sha256"}
    payload = b"app_key1sign_methodhmac-sha256{}"
    query["sign"] = hmac.new(b"s", payload, hashlib.sha256).hexdigest().upper()
    taobao = load_channel("taobao")
    assert taobao.verify(Message(body=b"{}", query=query), account("s"))
    assert not taobao.verify(Message(body=b"{} ", query=query), account("s"))


def test_wechat_plain_mode_leaves_the_body_out() -> None:
    """The platform's own gap, written down here: only `msg_signature` covers the body."""
    parts = ["token", "1795164005", "nonce1"]
    query = {"timestamp": parts[1], "nonce": parts[2]}
    query["signature"] = hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()
    wechat = load_channel("wechat-miniprogram")
    assert wechat.verify(Message(body=b"{}", query=query), account("token"))
    assert wechat.verify(Message(body=b'{"other":1}', query=query), account("token"))
    assert not wechat.verify(Message(body=b"{}", query=query), account("other"))
    # a safe-mode message is judged by its safe signature, whatever else it carries
    unsafe = {**query, "msg_signature": query["signature"]}
    assert not wechat.verify(Message(body=b'{"Encrypt":"x"}', query=unsafe), account("token"))
    safe = {
        **query,
        "msg_signature": hashlib.sha1("".join(sorted([*parts, "x"])).encode()).hexdigest(),
    }
    assert wechat.verify(Message(body=b'{"Encrypt":"x"}', query=safe), account("token"))


# Random damage ---------------------------------------------------------------------------------

BODIES = {name: own_bodies(name) for name in NAMES}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["0001-01-01 00:00:00", "2026-03-01 10:00:00", "-0.01", "1e9", "999999999999"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def damage(data: st.DataObject, node: Any) -> Any:
    """A copy of a document with some of its values, at any depth, exchanged or left out."""
    if data.draw(st.integers(0, 24)) == 0:
        return data.draw(JUNK)
    if isinstance(node, dict):
        return {
            name: damage(data, child)
            for name, child in node.items()
            if data.draw(st.integers(0, 40))
        }
    if isinstance(node, list):
        again = node * 2 if data.draw(st.integers(0, 10)) == 0 else node
        return [damage(data, child) for child in again]
    return node


def understand(name: str, body: bytes) -> None:
    try:
        drafts = load_channel(name).parse(body)
    except InputError:
        return
    for draft in drafts:
        assert_plausible(draft)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "table"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_documents_never_crash(name: str, data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(BODIES[name])))
    understand(name, json.dumps(damage(data, document)).encode())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_bytes_never_crash(name: str, data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(BODIES[name])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        width = data.draw(st.integers(0, 3))
        body[start : start + width] = data.draw(st.binary(max_size=3))
    understand(name, bytes(body))
