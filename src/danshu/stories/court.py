"""`court`: an appraiser verifies a bundle with nothing but Python, then finds each forgery."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from danshu.faces import verify
from danshu.hub import evidence
from danshu.ledger import signers
from danshu.stories import caller, forging, furnishing
from danshu.testing import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from danshu.ledger.signers import Signer
    from danshu.ports.channel import Account
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

_LIFE: Final = ("release", "pick", "pack")


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-court-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "庭审故事")
        account = (await furnishing.open_shops(connection, tenant))["taobao"]
        key = await furnishing.renew_key(connection, tenant, "story")
    async with stage.client(key) as client:
        order, other = [await _live(client, account, n) for n in (1, 2)]
        bundle = await _fetch(client, order)
        theirs = await _fetch(client, other)
        trust = await caller.read_trust(client)
        voice.say(f"两张订单走完拣货打包;法院要其中一张的证据包:{len(bundle):,} 字节。")
        async with stage.connection() as connection:
            insider, _ = await signers.load_signers(connection, None)
            known = await evidence.read_trust(connection, tenant)
        voice.claim("商家公布的公钥,就是日志用的公钥", trust == known)
        _appraise(bundle, trust, voice)
        _find(bundle, theirs, trust, insider, voice)
        await _roll_back(client, order, bundle, trust, voice)
        told = (await caller.ask(client, "GET", "/v1/evidence/bundles")).json()["items"]
        voice.claim(
            "谁导出过、为什么,各有一条事实",
            {i["purpose"] for i in told} >= {"法院调取"} and {i["sub"] for i in told} == {"story"},
            told[:1],
        )
    voice.point(f"控制台 /evidence/bundles(商户 {code})")
    voice.point(f"danshu evidence export {order} --tenant {code} --pdf")
    voice.figures |= {"tenant": code, "order": order}


async def _live(client: httpx.AsyncClient, account: Account, nth: int) -> str:
    """Have an order come in by a platform's message, and go its way to the hand-over."""
    now_ms = time.time_ns() // 1_000_000
    body = messages.message("taobao", 1, nth * 1000 + secrets.randbelow(1000), now_ms)
    before = {o["order"] for o in await caller.list_orders(client)}
    await caller.send_message(client, account, body)
    (order,) = {o["order"] for o in await caller.list_orders(client)} - before
    for event in _LIFE:
        await caller.act(client, order, event)
    return str(order)


async def _fetch(client: httpx.AsyncClient, order: str) -> bytes:
    """Fetch a bundle as soon as the log has said how far the order has come."""
    for _ in range(caller.TRIES):
        bundle = await caller.fetch_bundle(client, order)
        if any("/heads/" in path for path in forging.unpack(bundle)):
            break
        await asyncio.sleep(0.5)
    asked = f"/v1/orders/{order}/evidence"
    again = await caller.ask(client, "GET", asked, params={"purpose": "法院调取"})
    return bytes(again.content)


def _appraise(bundle: bytes, trust: list[str], voice: Voice) -> None:
    """What an appraiser does: take verify.py out of the bundle, run it with Python alone."""
    files = forging.unpack(bundle)
    voice.say("鉴定人从包里取出 verify.py,只用 Python 标准库运行,公钥取自商家在争议前公布的那份。")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "verify.py").write_bytes(files["verify.py"])
        (folder / "order.zip").write_bytes(bundle)
        (folder / "keys.txt").write_text("\n".join(trust) + "\n", "utf-8")
        words = [sys.executable, "-I", "-S", "verify.py", "order.zip", "--trust", "keys.txt"]
        done = subprocess.run([*words, "--json"], cwd=folder, capture_output=True, check=False)
    told: dict[str, Any] = json.loads(done.stdout)
    failed = [c for c in told["checks"] if c["passed"] is False]
    voice.claim("独立核验程序全部通过", done.returncode == 0, failed or done.stderr.decode()[-300:])
    kinds = {c["check"] for c in told["checks"]}
    voice.say(f"{len(told['checks'])} 项检查,{len(told['facts'])} 条事实。")
    voice.claim("核过检查点、收录证明、链、链头、条款、摘要", {
        "checkpoint", "entry", "chain", "heads", "contract", "summary",
    } <= kinds, kinds)  # fmt: skip
    report = verify.verify(io.BytesIO(bundle), trust)
    mine = [(c.file, c.check, c.passed) for c in report.checks]
    theirs = [(c["file"], c["check"], c["passed"]) for c in told["checks"]]
    voice.claim("danshu verify 逐项说的一样", mine == theirs)
    page = files["存证摘要.html"].decode()
    voice.claim("摘要写明它不证明什么,不自称区块链存证", "不是区块链" in page and (
        "区块链存证" not in page
    ))  # fmt: skip


def _find(
    bundle: bytes, theirs: bytes, trust: list[str], insider: list[Signer], voice: Voice
) -> None:
    """Every forgery, by somebody who mends the manifest and even signs it with the log's key."""
    last = len(verify.verify(io.BytesIO(bundle), trust).facts)
    entry = next(path for path in forging.unpack(bundle) if "/entries/" in path)
    forgeries: dict[str, Callable[[], bytes]] = {
        "改一个字节": lambda: forging.forge_byte(bundle, entry, 60, insider),
        "漏掉第一条": lambda: forging.leave_out(bundle, {1}, insider),
        "漏掉中间一条": lambda: forging.leave_out(bundle, {last // 2}, insider),
        "漏掉最后一条": lambda: forging.leave_out(bundle, {last}, insider),
        "截去后半": lambda: forging.leave_out(bundle, set(range(3, last + 1)), insider),
        "拿另一张订单顶替": lambda: forging.swap(bundle, theirs, insider),
        "改写摘要(外人)": lambda: forging.forge_byte(bundle, "存证摘要.html", 900),
        "同名文件放两份": lambda: forging.double(bundle, "manifest.json", b"{}"),
        "路径越出证据包": lambda: forging.lead_out(bundle),
    }
    for name, make in forgeries.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # zipfile notices the doubled name too
            report = verify.verify(io.BytesIO(make()), trust)
        found = [f"{c.file}:{c.what}" for c in report.checks if c.passed is False]
        voice.claim(f"{name}:被发现", report.code == verify.FAILED, found[:3])
        if found:
            voice.say(f"    {found[0]}")


async def _roll_back(
    client: httpx.AsyncClient, order: str, bundle: bytes, trust: list[str], voice: Voice
) -> None:
    """Somebody who kept a newer checkpoint sees that an older state of the log is shown."""
    await caller.act(client, order, "ship", carrier="示例快递", waybill="SF0000000002")
    newer = await _fetch(client, order)
    path = next(p for p in forging.unpack(newer) if p.endswith("/checkpoint"))
    kept = forging.unpack(newer)[path].decode()
    report = verify.verify(io.BytesIO(bundle), [*trust, kept])
    failed = {c.check for c in report.checks if c.passed is False}
    voice.claim("留有较新检查点的人,看得出出示的是旧日志", failed == {"known"}, failed)
