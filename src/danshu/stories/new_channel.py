"""`new-channel`: a platform that nobody had heard of sells here the same hour; no file changes.

A loose plug-in understands its messages, the conformance kit passes over it, a signed message
becomes an order that is decided, promised and proved. The way back, telling the platform the
waybill, is woven from its API by two people. The package's files are the same before and after.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import importlib.util
import io
import json
import os
import secrets
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from danshu.capabilities.stock.model import StockLevel
from danshu.faces import verify
from danshu.faces.cli import running
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import rfc3339
from danshu.ports import registry
from danshu.ports.channel import Account, Message
from danshu.stories import caller, furnishing
from danshu.stories.stage import free_port, wait_ready
from danshu.testing import channels, weaving_desks
from danshu.testing.signer import Signer
from danshu.testing.weaving_desks import SHOP_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice
    from danshu.testing.weaving_desks import ShopDesk

CHANNEL: Final = "huashi"
SECRET: Final = "secret of the shop"
SKU: Final = "EX-CUP-BLUE"
WAREHOUSE: Final = "HZ01"
WOVEN: Final = "huashi_shipped"
WAYBILL: Final = "SF1999000000001"
_MINUTE_MS: Final = 60_000


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant, with a second server that is started with the plug-in."""
    code = f"story-new-channel-{secrets.token_hex(4)}"
    before = digest_package()
    level = StockLevel(warehouse=WAREHOUSE, sku=SKU, on_hand=10)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "新渠道故事", [level])
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    with plugged() as folder:
        voice.say(f"一个没人听说过的平台「花市直播」。插件只有一个文件,放进 {folder}/channel。")
        _conform(voice)
        with _serve(stage.url) as address, weaving_desks.shop_desk() as (shop, shop_url):
            headers = {"authorization": f"Bearer {key}"}
            origin = address.replace("127.0.0.1", "localhost")
            async with (
                stage.client(key) as plain,
                httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client,
                httpx.AsyncClient(base_url=origin, timeout=60) as one,
                httpx.AsyncClient(base_url=origin, timeout=60) as two,
            ):
                order = await _arrive(plain, client, tenant, voice)
                await _prove(client, order, voice)
                writer, second = Signer(one, origin), Signer(two, origin)
                await writer.enter(code, f"s09@{code}.example", password)
                await second.enter(code, f"p03@{code}.example", password)
                await _weave(client, writer, second, shop_url, voice)
                await _tell(client, order, shop, voice)
    registry.refresh()
    after = digest_package()
    voice.claim("单枢自己的文件一个字节都没有变", before == after, after)
    voice.point(f"控制台 {stage.servers[0]}/weaver/{WOVEN}(商户 {code})")
    voice.point("接入自己的平台:docs/how-to/add-a-channel.md、docs/how-to/weave-an-api.md")
    voice.figures |= {"tenant": code, "order": order, "package": after}


def digest_package() -> str:
    """Give the SHA-256 over names and bytes of all files of the package, but for bytecode."""
    root = Path(str(resources.files("danshu")))
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(f"{path.relative_to(root)}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@contextlib.contextmanager
def plugged() -> Iterator[Path]:
    """Put the plug-in's file into a folder of its own, and name that in DANSHU_PLUGINS."""
    spec = importlib.util.find_spec("danshu.testing.huashi")
    assert spec is not None
    assert spec.origin is not None
    known = os.environ.get(registry.VARIABLE)
    with tempfile.TemporaryDirectory(prefix="danshu-plugins-") as name:
        folder = Path(name)
        (folder / "channel").mkdir()
        (folder / "channel" / f"{CHANNEL}.py").write_bytes(Path(spec.origin).read_bytes())
        os.environ[registry.VARIABLE] = os.pathsep.join(filter(None, [known, name]))
        try:
            yield folder
        finally:
            if known is None:
                del os.environ[registry.VARIABLE]
            else:
                os.environ[registry.VARIABLE] = known


@contextlib.contextmanager
def _serve(url: str) -> Iterator[str]:
    """Start a server that sees the plug-in; gives its address."""
    port = free_port()
    child = running.start_child(url, "serve", "--host", "127.0.0.1", "--port", str(port))
    try:
        address = f"http://127.0.0.1:{port}"
        wait_ready(address, child)
        yield address
    finally:
        running.stop(child)


def message(number: str, at_ms: int) -> bytes:
    """Make an order as the platform sends it."""
    told = {
        "order_no": number,
        "state": "paid",
        "created": rfc3339(at_ms - _MINUTE_MS),
        "paid": rfc3339(at_ms),
        "postage": 600,
        "items": [{"sku": SKU, "title": "示例杯", "num": 2, "price": 5_900}],
        "to": {
            "name": "王示例",
            "tel": "13900000000",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "address": "示例路 1 号",
        },
    }
    return json.dumps(told, ensure_ascii=False).encode()


def sign(body: bytes, account: Account) -> Message:
    """Sign a message as the platform does, by its document and not by the plug-in."""
    made = hmac.new(account.secret.encode(), body, "sha256").hexdigest()
    return Message(body=body, headers={"x-huashi-sign": made})


def _conform(voice: Voice) -> None:
    """Run the conformance kit over the plug-in."""
    body = message("HS-1", channels.SIGNED_MS)
    adapter = channels.load_channel(CHANNEL)
    case = channels.ChannelCase(channel=adapter, bodies=(body,), sign=sign)
    failed = []
    for check in channels.CHECKS:
        try:
            check(case)
        except (AssertionError, ProgramError) as error:
            failed.append(f"{check.__name__}: {error}")
    voice.claim(f"渠道一致性套件 {len(channels.CHECKS)} 项全过", failed == [], failed)


async def _arrive(
    plain: httpx.AsyncClient, client: httpx.AsyncClient, tenant: int, voice: Voice
) -> str:
    account = {"account": "hs", "channel": CHANNEL, "shop": "hs", "key": "k", "secret": SECRET}
    told = await plain.put("/v1/accounts", json=account)
    voice.claim("没有插件的服务器不认识这个渠道", told.status_code >= 400, told.status_code)
    await caller.ask(client, "PUT", "/v1/accounts", json=account)
    body = message(f"HS-{secrets.token_hex(4)}", time.time_ns() // 1_000_000 - _MINUTE_MS)
    signed = sign(body, Account(account="hs", tenant=tenant, channel=CHANNEL, secret=SECRET))
    forged = {"x-huashi-sign": "0" * 64}
    answers = [
        await client.post(
            f"/v1/channels/{CHANNEL}",
            params={"account": f"{tenant}.hs"},
            headers={"content-type": "application/json", **headers},
            content=body,
        )
        for headers in (forged, dict(signed.headers), dict(signed.headers))
    ]
    statuses = [answer.status_code for answer in answers]
    voice.claim("伪签的被拒,真签的被收下", statuses == [401, 200, 200], statuses)
    told = answers[1]
    voice.claim("按平台的格式应答", told.json() == {"ok": True, "reason": ""}, told.text)
    found = await caller.list_orders(client)
    voice.claim("同一消息来两次,仍是一张订单", len(found) == 1, len(found))
    order = await caller.read_order(client, found[0]["order"])
    voice.claim("已决策、已占库", order["state"] == "allocated", order["state"])
    voice.claim("渠道与金额无误", (order["channel"], order["total"]) == (CHANNEL, 12_400), order)
    running_ = [p["code"] for p in order["promises"] if p["state"] == "running"]
    voice.claim("承诺已随单起算", "ship48h" in running_, running_)
    return str(order["order"])


async def _prove(client: httpx.AsyncClient, order: str, voice: Voice) -> None:
    bundle = await caller.fetch_bundle(client, order)
    trust = await caller.read_trust(client)
    report = verify.verify(io.BytesIO(bundle), trust)
    voice.claim("证据包以包外公钥核验通过", report.code == verify.PASSED, verify.describe(report))


async def _weave(
    client: httpx.AsyncClient, writer: Signer, second: Signer, url: str, voice: Voice
) -> None:
    """From the platform's API to a capability in use, by two people and no programmer."""
    book = (await caller.ask(client, "GET", "/v1/woven")).json()
    woven = dict(next(t for t in book["templates"] if t["code"] == "ship_notice"))
    woven |= {"code": WOVEN, "zh": "花市发货回传", "en": "Huashi ship notice", "base_url": url}
    body = {"woven": woven, "secret": SHOP_TOKEN}
    await caller.ask(client, "PUT", "/v1/woven/secrets", json=body)
    shown = await writer.ask("/v1/woven/preview", {"woven": woven})
    voice.claim("样例试算通过,密钥不露", shown["sound"] and SHOP_TOKEN not in str(shown), shown)
    draft = await writer.ask("/v1/woven/drafts", {"woven": woven})
    path = f"/v1/woven/drafts/{draft['id']}"
    await writer.ask(f"{path}/submit", {"revision": draft["revision"]})
    own = await writer.call(f"{path}/approve", {"digest": draft["digest"]})
    voice.claim("起草的人不能批准自己", own.status_code == httpx.codes.CONFLICT, own.text[:99])
    done = await second.ask(f"{path}/approve", {"digest": draft["digest"]})
    voice.claim("第二人批准,立即可调用", done["state"] == "published", done["state"])
    text = (await caller.ask(client, "GET", f"/v1/woven/{WOVEN}/1/openapi.json")).json()
    voice.claim("它有自己的 OpenAPI", f"/v1/woven/{WOVEN}/1" in text["paths"], list(text["paths"]))


async def _tell(client: httpx.AsyncClient, order: str, shop: ShopDesk, voice: Voice) -> None:
    """Ship, and tell the platform the waybill, once however often it is told."""
    for event in ("release", "pick", "pack"):
        await caller.act(client, order, event)
    await caller.act(client, order, "ship", carrier="SF", waybill=WAYBILL)
    number = (await caller.read_order(client, order))["number"]
    question = {"order": number, "carrier": "SF", "waybill": WAYBILL}
    path = f"/v1/woven/{WOVEN}/1"
    answers = []
    for _ in range(2):
        key = {"idempotency-key": f"shipped-{order}"}
        told = await caller.ask(client, "POST", path, json=question, headers=key)
        answers.append(told.json())
    verdicts = [answer["verdict"] for answer in answers]
    voice.claim("两次回传都得到同一答复", answers[0] == answers[1], answers)
    voice.claim("对方受理", verdicts == ["done", "done"], verdicts)
    wanted = {"carrier_code": "SF", "tracking_number": WAYBILL}
    voice.claim("对方账上只有一次发货,运单一致", shop.shipped == {number: wanted}, shop.shipped)
    late = await caller.ask(client, "POST", path, json=question)
    voice.claim("换一个键再报,对方说已发货", late.json()["verdict"] == "refused", late.text)
