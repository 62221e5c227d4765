"""Invented messages: the adapters believe and understand them, to the 分, the same every time."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.intake.address import Gazetteer
from danshu.ports import registry
from danshu.ports.channel import Account, Channel, Draft, DraftKind
from danshu.testing import merchant
from danshu.testing.baskets import FEN_A_DOLLAR
from danshu.testing.messages import CHANNELS, message, sign

NOW_MS = 1_795_164_000_123
ABROAD = {"shopify", "woocommerce", "amazon"}
GOODS = {sku.code: sku for sku in merchant.skus()}
REGIONS = {region.code for region in merchant.regions()}


def adapter(channel: str) -> Channel:
    return cast("Channel", registry.load("channel", channel))


def parse(channel: str, number: int, seed: int = 1) -> Draft:
    (draft,) = adapter(channel).parse(message(channel, number, seed, NOW_MS))
    return draft


def region_of(draft: Draft) -> str | None:
    to = draft.receiver
    return Gazetteer.load().resolve(to.country, to.province, to.city, to.district, to.street)


def test_every_platform_has_messages() -> None:
    assert set(CHANNELS) == set(registry.names("channel")) - {"table"}
    assert message("wechat_miniprogram", 1, 1, NOW_MS) == message(
        "wechat-miniprogram", 1, 1, NOW_MS
    )


@pytest.mark.parametrize("channel", CHANNELS)
@given(number=st.integers(0, 999_999_999), seed=st.integers(0, 10_000))
def test_a_message_is_an_order_that_can_be_placed(channel: str, number: int, seed: int) -> None:
    draft = parse(channel, number, seed)
    assert (draft.kind, draft.hold, draft.channel) == (DraftKind.ORDER, "", channel)
    assert 1 <= len(draft.lines) <= 4
    assert draft.total == draft.paid > 0
    assert NOW_MS - 3_600_000 < draft.created_ms <= draft.paid_ms < NOW_MS
    assert draft.goods == sum(line.price * line.quantity for line in draft.lines)
    taxes = draft.total - (draft.goods - draft.discount + draft.postage)
    assert taxes == 0 if channel not in ABROAD else 0 <= taxes <= draft.goods * 0.06
    assert sum(line.paid for line in draft.lines) <= draft.paid
    for line in draft.lines:
        worth = GOODS[line.sku].price_fen
        assert not line.warehouse  # the hub decides
        if channel in ABROAD:
            assert line.price == max(99, round(worth * 100 / FEN_A_DOLLAR))
        else:
            assert line.price == worth
    assert region_of(draft) in REGIONS
    assert draft.currency == ("USD" if channel in ABROAD else "CNY")


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_signature_is_believed_and_covers_the_body(channel: str) -> None:
    account = Account(account="a", tenant=1, channel=channel, key="k-1", secret="s-1")
    body = message(channel, 5, 1, NOW_MS)
    good = sign(channel, body, "s-1", "k-1", NOW_MS)
    assert good.body == body
    assert adapter(channel).verify(good, account)
    assert not adapter(channel).verify(sign(channel, body, "s-2", "k-1", NOW_MS), account)
    changed = msgspec.structs.replace(good, body=body.replace(b"1", b"2", 1))
    assert changed.body != body
    assert not adapter(channel).verify(changed, account)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_same_arguments_give_the_same_bytes(channel: str) -> None:
    one = message(channel, 11, 2, NOW_MS)
    assert one == message(channel, 11, 2, NOW_MS)
    assert one != message(channel, 11, 3, NOW_MS)
    assert one != message(channel, 12, 2, NOW_MS)


@pytest.mark.parametrize("channel", CHANNELS)
def test_order_numbers_never_meet(channel: str) -> None:
    pairs = [(number, seed) for number in (0, 1, 9, 10, 99_999_999) for seed in (0, 1, 10, 999)]
    drafts = [parse(channel, number, seed) for number, seed in pairs]
    assert len({draft.number for draft in drafts}) == len(pairs)
    lines = [(draft.number, line.line) for draft in drafts for line in draft.lines]
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("channel", ["taobao", "jd", "pdd", "douyin"])
def test_receivers_are_hidden(channel: str) -> None:
    for number in range(30):
        to = parse(channel, number).receiver
        assert "*" in to.phone
        assert "*" in to.name or (channel == "jd" and not to.name)
        assert "*" in to.detail or (channel == "jd" and not to.detail)
        assert to.cipher or to.token


def test_destinations_follow_the_population() -> None:
    regions = [region_of(parse("douyin", number)) for number in range(400)]
    provinces = {region[:2] for region in regions if region}
    assert len(provinces) >= 25
    guangdong = sum(region is not None and region.startswith("44") for region in regions)
    tibet = sum(region is not None and region.startswith("54") for region in regions)
    assert guangdong > 15 > tibet
    abroad = {region_of(parse("shopify", number)) for number in range(200)}
    assert {"US", "GB", "JP", "810000", "440300"} <= abroad


def test_a_place_directly_under_its_province_comes_in_the_district_only() -> None:
    """Taobao writes 河南 济源 with an empty city."""
    found = [
        draft.receiver
        for number in range(1_500)
        if not (draft := parse("taobao", number)).receiver.city
    ]
    assert found
    for to in found:
        assert Gazetteer.load().resolve("", to.province, to.city, to.district) in REGIONS


@pytest.mark.parametrize("channel", ["kuaishou", ""])
def test_unknown_channels_are_told(channel: str) -> None:
    with pytest.raises(KeyError):
        message(channel, 1, 1, NOW_MS)
    with pytest.raises(KeyError):
        sign(channel, b"{}", "s")


@pytest.mark.parametrize("number", [-1, 1_000_000_000])
def test_numbers_have_bounds(number: int) -> None:
    with pytest.raises(ValueError, match="number"):
        message("jd", number, 1, NOW_MS)
