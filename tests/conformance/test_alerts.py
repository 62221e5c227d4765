"""Adapters of alerts against reference far sides, which check signatures, sizes and rhythm."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from danshu.hub import alert_channels, alerts, outside
from danshu.hub.alert_channels import Channel
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports import registry
from danshu.ports.alert import Alert
from danshu.ports.notice import Account
from danshu.testing import robots

pytestmark = pytest.mark.anyio
KINDS = ("dingtalk", "feishu", "mail", "wecom")
ALERT = Alert(
    key="danshu-1-routing_stopped-3",
    grade="red",
    title="分仓熔断",
    lines=(("对象", "chilled · SH-04 <b>[x](http://evil)"),),
    advice="到该仓现场测温。",
    link="https://hub.example/redecisions",
    made="2026-11-29 10:00:00",
    lang="zh",
)


@pytest.fixture(scope="module")
def far() -> Iterator[robots.Robots]:
    with robots.serve() as running:
        yield running


def account(far: robots.Robots, kind: str) -> Channel:
    secret = robots.PASSWORD if kind == "mail" else robots.SECRET
    return Channel(name="值班", adapter=kind, url=far.url(kind), secret=secret)


async def tell(channel: Channel, alert: Alert = ALERT) -> None:
    async with outside.client() as web:
        await alerts.hand_over(web, channel, alert, time.time_ns() // 1_000_000)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_alert_is_taken_and_read(far: robots.Robots, kind: str) -> None:
    await tell(account(far, kind))
    taken = far.taken[-1]
    assert taken.kind == kind
    assert "【红色】分仓熔断" in taken.title
    for words in ("SH-04", "到该仓现场测温", "https://hub.example/redecisions", "10:00:00"):
        assert words in taken.text
    if kind != "mail":  # what a subject of an incident says is no markup
        assert "[x]" not in taken.text
        assert "<b>" not in taken.text
        assert ALERT.key in taken.text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_of_any_words_is_told(far: robots.Robots, kind: str) -> None:
    """A finding's key has the merchant's own words."""
    await tell(
        account(far, kind), replace(ALERT, key="danshu-1-漏单-华东 <旗舰>\r\nBcc: x@y.example")
    )
    assert far.taken[-1].kind == kind


async def test_headers_that_nothing_can_carry_are_refused() -> None:
    async with outside.client() as web:
        send = outside.sender(web, "the service", outside.Reach(1.0, 100, 1))
        with pytest.raises(InputError, match="the service can't be called so") as told:
            await send("POST", "https://hub.example/", {"x-id": "漏单"}, b"")
    assert told.value.code == "bad_call"


@pytest.mark.parametrize("kind", KINDS)
async def test_who_is_too_often_or_wrong_is_told(far: robots.Robots, kind: str) -> None:
    again = {"dingtalk": 130101, "feishu": 11232, "mail": 451, "wecom": 45009}[kind]
    far.trouble = [again]
    with pytest.raises(NotAvailable):
        await tell(account(far, kind))
    far.trouble = [{"mail": 554}.get(kind, 40001)]
    with pytest.raises(InputError, match="answers") as refused:
        await tell(account(far, kind))
    assert refused.value.code == "alert_refused"
    if kind == "wecom":  # the key in its address is all that it knows
        wrong = replace(account(far, kind), url=far.url(kind) + "x")
    else:
        wrong = replace(account(far, kind), secret="another")
    taken = len(far.taken)
    with pytest.raises(InputError, match="answers"):
        await tell(wrong)
    assert len(far.taken) == taken


async def test_a_long_alert_is_cut_and_keeps_its_end(far: robots.Robots) -> None:
    long = replace(ALERT, lines=tuple(("对象", "仓" * 120) for _ in range(40)))
    await tell(account(far, "wecom"), long)
    assert len(far.taken[-1].text.encode()) <= 4096
    assert far.taken[-1].text.endswith(ALERT.key)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("dingtalk", "https://evil.example/robot/send?access_token=x"),
        ("dingtalk", "https://oapi.dingtalk.com/elsewhere"),
        ("feishu", "https://open.feishu.cn.evil.example/open-apis/bot/v2/hook/x"),
        ("wecom", "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=x"),
        ("mail", "https://mail.example?from=a@b.example&to=c@d.example"),
        ("mail", "smtps://hub@mail.example?from=a@b.example&to=c@d.example%0d%0aBcc:x@y.example"),
        ("mail", "smtps://hub@mail.example?from=nobody&to=c@d.example"),
    ],
)
def test_another_address_is_not_kept(kind: str, url: str) -> None:
    with pytest.raises(InputError):
        alert_channels.herald_of(kind).check(Account(url=url, secret="s"))


def test_all_are_here() -> None:
    assert registry.names("alert") == KINDS
