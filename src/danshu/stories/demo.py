"""`danshu demo`: a merchant with 37 warehouses, orders of eight platforms, one of them proven."""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
from rich.console import Console

from danshu.faces import verify
from danshu.hub import bundle_parts, settings, timing
from danshu.stories import (
    caller,
    demo_agent,
    demo_assets,
    demo_coe,
    demo_exceptions,
    demo_forecasts,
    demo_learning,
    demo_modalities,
    demo_network,
    demo_originals,
    demo_past,
    demo_transfers,
    demo_weave,
    demo_wishes,
    floor_feed,
    furnishing,
    showing,
    stage,
    time_sources,
)
from danshu.stories.showing import Access, Totals
from danshu.testing import merchant, messages

if TYPE_CHECKING:
    from danshu.ports.channel import Account
    from danshu.testing.speech_desk import Desk

CODE: Final = "demo"
SEED: Final = 1
TOGETHER: Final = 32
# How far an order is driven, by its place in the list: most wait, some are on their way.
_LIVES: Final[dict[int, tuple[str, ...]]] = {
    0: ("release", "pick", "pack", "ship", "deliver"),
    1: ("release", "pick", "pack", "ship"),
    2: ("release", "pick"),
    3: ("release",),
    4: ("cancel",),
}
_EVERY: Final = 10
_AGAIN_S: Final = 5.0
_AFTER: Final = ("allocated", "released", "picked", "packed", "shipped", "delivered")


def run(once: bool, orders: int) -> int:
    """Play the demo; exit 0 when all its checks hold, else 1. Without `once` it then stays up."""
    console = Console(stderr=once)
    started = time.monotonic()
    port = 0 if once else settings.read().port
    if port and stage.is_ready(stage.default_address()):
        console.print(f"{stage.default_address()} 已有单枢在运行;本次演示另用一个端口。")
        port = 0
    with (
        time_sources.lend() as sources,
        demo_weave.lend() as sides,
        demo_originals.lend() as desk,
        demo_modalities.lend() as reader,
        stage.open_stage(1, port=port) as place,
    ):
        _tell_sources(console, sources)
        totals, seen, key = asyncio.run(_play(place, sides, (desk, reader), orders, console))
        totals.seconds = round(time.monotonic() - started, 1)
        if once:
            sys.stdout.write(msgspec.json.encode(totals).decode() + "\n")
            sys.stdout.flush()
        else:
            showing.show(console, totals, seen)
        code = 0 if all(totals.checks.values()) else 1
        if not once:
            console.print(f"接口文档 {place.servers[0]}/docs。")
            if totals.access is not None:
                showing.show_access(console, totals.access)
            console.print("Ctrl-C 结束。")
            _wait(place, key)
        if sources.server:
            asyncio.run(_forget(place, sources.server))
    return code


def _tell_sources(console: Console, sources: time_sources.TimeSources) -> None:
    """Say that the time sources are the demo's own, and prove nothing to others."""
    served = [each for each in (sources.server, sources.authority) if each]
    if served:
        console.print(f"演示时间源(本机参考服务,不中立,只随演示运行):{'、'.join(served)}")


async def _forget(place: stage.Stage, server: str) -> None:
    async with place.connection() as connection:
        await timing.forget(connection, server)


def _wait(place: stage.Stage, key: str) -> None:
    """Stay up until Ctrl-C; meanwhile the floors of some warehouses live."""
    try:
        while True:
            try:
                asyncio.run(floor_feed.feed(lambda: place.client(key), floor_feed.make()))
            except httpx.HTTPError:
                time.sleep(_AGAIN_S)
    except KeyboardInterrupt:
        return


async def _play(
    place: stage.Stage,
    sides: demo_weave.Sides,
    services: tuple[Desk, str],
    orders: int,
    console: Console,
) -> tuple[Totals, list[dict[str, Any]], str]:
    async with place.connection() as connection:
        tenant = await furnishing.furnish(connection, CODE, "示例商户")
        shops = await furnishing.open_shops(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "demo")
        password = await furnishing.seat_people(connection, tenant)
        # messages are dated by the merchant's first day, so that a second run brings the same ones
        begun_ms = await furnishing.begun_ms(connection, tenant)
        port = int(place.servers[0].rpartition(":")[2])
        access = Access(
            address=settings.read().origin_at(port),
            merchant=CODE,
            people={
                f"{number.lower()}@{CODE}.example": name for number, _, name in furnishing.PEOPLE
            },
            password=password,
        )
        totals = Totals(merchant=CODE, access=access)
        await demo_originals.stock_menu(connection, tenant)
        totals.warehouses, totals.skus = await furnishing.count_masters(connection, tenant)
    console.print(f"商户 {CODE}:{totals.warehouses} 个仓,{totals.skus:,} 个 SKU。")
    async with place.client(key) as client:
        await demo_weave.connect(client, sides)
        forecast = await demo_forecasts.begin(client)
        refused = await _send(client, shops, orders, begun_ms, console)
        there = await caller.list_orders(client)
        older = demo_past.numbers(begun_ms)
        listed = [
            o
            for o in there
            if o["channel"] in messages.CHANNELS and (o["channel"], o["number"]) not in older
        ]
        await _drive(client, listed, console)
        seen = await caller.each(TOGETHER, [caller.read_order(client, o["order"]) for o in listed])
        await _count(client, seen, totals)
        await _prove(client, seen, totals, console)
        await demo_exceptions.play(place, client, seen, CODE, password)
        desk, reader = services
        await demo_modalities.seed(client, reader)
        await demo_originals.play(client, desk)
        await demo_weave.declare(place, client, tenant, sorted(o["order"] for o in seen))
        await demo_learning.begin(place, tenant)
        past = await demo_past.play(place.url, client, shops, begun_ms, orders)
        built = await demo_assets.play(place, client, tenant, is_new=past > 0)
        console.print(f"补了三个月的历史订单 {past} 张，做出 {built} 份数据资产。")
        totals.checks |= await _look_ahead(
            place, client, (tenant, password), forecast, totals, console, is_new=past > 0
        )
    async with place.client("") as stranger:
        entered = [await caller.sign_in(stranger, CODE, who, password) for who in access.people]
    wanted = dict.fromkeys(messages.CHANNELS, orders)
    brought = {channel: sum(states.values()) for channel, states in totals.orders.items()}
    totals.checks |= {
        "every_message_accepted": not refused,
        "every_order_there_once": all(brought.get(c, 0) >= n for c, n in wanted.items()),
        "every_order_decided": totals.decisions >= totals.orders_total,
        "every_order_promised": all(o["promises"] for o in seen),
        "bundle_verified": totals.bundle.get("code") == verify.PASSED,
        "every_person_signs_in": all(entered),
        "assets_built": built > 0,
        "warehouses_37": totals.warehouses == len(merchant.warehouses()),
    }
    return totals, seen, key


async def _look_ahead(
    place: stage.Stage,
    client: httpx.AsyncClient,
    merchant_of: tuple[int, str],
    forecast: str,
    totals: Totals,
    console: Console,
    *,
    is_new: bool,
) -> dict[str, bool]:
    """Let what learns and proposes look at the merchant (its number, its people's password)."""
    tenant, password = merchant_of
    has_forecast = await demo_network.play(client, forecast)
    told, totals.late_model = await demo_learning.play(place, tenant, is_new=is_new)
    console.print(f"从已结束的订单里学了模型，推算了 {told} 张在途订单。")
    await demo_transfers.play(client)
    await demo_wishes.play(client)
    proposed = await demo_agent.play(place, client, CODE, password)
    console.print(f"智能体提了 {proposed} 条提案。")
    await demo_coe.play(client)
    return {
        "demand_foretold": has_forecast,
        "lateness_foretold": told > 0 and bool(totals.late_model),
        "agent_proposed": proposed > 0,
    }


async def _send(
    client: httpx.AsyncClient,
    shops: dict[str, Account],
    orders: int,
    now_ms: int,
    console: Console,
) -> list[str]:
    """Send every shop's messages as the platforms do; gives what was not accepted."""
    started = time.monotonic()
    jobs = [
        caller.send_message(client, shops[channel], messages.message(channel, n, SEED, now_ms))
        for n in range(1, orders + 1)
        for channel in messages.CHANNELS
    ]
    answers = await caller.each(TOGETHER, jobs)
    refused = [a.text[:200] for a in answers if a.status_code >= 300]
    for text in refused[:3]:
        console.print(f"[red]被拒:{text}[/red]")
    seconds = time.monotonic() - started
    console.print(
        f"{len(messages.CHANNELS)} 个平台送来 {len(jobs):,} 条签名消息,"
        f"接受 {len(jobs) - len(refused):,} 条,用时 {seconds:.1f} 秒。"
    )
    return refused


async def _drive(client: httpx.AsyncClient, listed: list[dict[str, Any]], console: Console) -> None:
    """Drive some orders through the warehouse; what an earlier run did is not done again."""
    by_number = sorted(listed, key=lambda o: (o["channel"], o["number"]))
    jobs = [
        _live(client, order, _LIVES[n % _EVERY])
        for n, order in enumerate(by_number)
        if n % _EVERY in _LIVES
    ]
    steps = sum(await caller.each(TOGETHER, jobs))
    console.print(f"推动 {len(jobs)} 张订单走了 {steps} 步:下发、拣货、打包、揽收、签收、取消。")


async def _live(client: httpx.AsyncClient, order: dict[str, Any], life: tuple[str, ...]) -> int:
    """Do what is left of a life; gives the number of steps. Orders that wait for a person wait."""
    state = order["state"]
    if state not in _AFTER:
        return 0
    if life == ("cancel",):
        if state != "allocated":
            return 0
        await caller.act(client, order["order"], "cancel", reason="买家取消")
        return 1
    steps = life[_AFTER.index(state) :]
    for event in steps:
        more = {}
        if event == "ship":
            more = {"carrier": "示例快递", "waybill": f"SF{order['order'][:12].upper()}"}
        await caller.act(client, order["order"], event, **more)
    return len(steps)


async def _count(client: httpx.AsyncClient, seen: list[dict[str, Any]], totals: Totals) -> None:
    by_channel: dict[str, Counter[str]] = {}
    promises: Counter[str] = Counter()
    for order in seen:
        by_channel.setdefault(order["channel"], Counter())[order["state"]] += 1
        promises.update(p["state"] for p in order["promises"])
    totals.orders = {channel: dict(states) for channel, states in sorted(by_channel.items())}
    totals.states = dict(sum(by_channel.values(), Counter()))
    totals.orders_total = len(seen)
    totals.promises = dict(promises)
    decided = await caller.each(TOGETHER, [caller.read_decisions(client, o["order"]) for o in seen])
    totals.decisions = sum(len(found) for found in decided)
    for order, found in zip(seen, decided, strict=True):
        order["decisions"] = found


async def _prove(
    client: httpx.AsyncClient, seen: list[dict[str, Any]], totals: Totals, console: Console
) -> None:
    """Export the evidence of one order that has lived a whole life, and verify it offline."""
    ranked = sorted(seen, key=lambda o: (o["state"] != "delivered", o["order"]))
    order = ranked[0]["order"]
    bundle = await caller.fetch_bundle(client, order)
    # The keys from outside, and the roots of the authorities that this installation stamps by.
    roots = [found] if (found := bundle_parts.tsa_roots().decode()) else []
    report = verify.verify(io.BytesIO(bundle), [*await caller.read_trust(client), *roots])
    totals.bundle = {
        "order": order,
        "bytes": len(bundle),
        "code": report.code,
        "trust": report.trust,
        "facts": len(report.facts),
        "checks": len(report.checks),
        "failed": [c.file for c in report.checks if not c.passed],
    }
    console.print(verify.describe(report), highlight=False)
