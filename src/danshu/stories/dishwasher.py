"""`dishwasher` 洗碗机: a rule is found in who bought what, and becomes an action with a holdout.

Buyers of the story do as people do: some of those who are told come back and buy. One campaign
works and is measured; another changes nothing and stops by itself.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.hub.compose import now_ms
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import merchant, notice_desk
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice
    from danshu.testing.notice_desk import Desk

OLD: Final = 50
NEW: Final = 110
OTHERS: Final = 50
AT_ONCE: Final = 64
HTTP_S: Final = 120
DAY_MS: Final = 86_400_000
# of a hundred buyers: who buys the cleaner by themselves, and who of those that were told
BY_THEMSELVES, WHEN_TOLD, RINSE = 10, 60, 10
_LOOKS: Final = 40
_REST_S: Final = 0.25
_DRAWN: Final = ("treated", "holdout")
_BOUGHT: Final = ("bought_treated", "bought_holdout")
_BASIS: Final = "入会时勾选接收用品提醒"


class Town:
    """The buyers of the story and what they order."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.luck = random.Random(2026)
        self.run = secrets.token_hex(3).upper()
        goods = [s.code for s in merchant.skus()[:60] if int(s.storage) == 1]
        self.washer, self.cleaner, self.rinse, *self.others = goods[:20]
        self.names = dict(zip(goods, ("洗碗机", "洗碗机清洁剂", "漂洗剂"), strict=False))
        self.count = 0
        self.bought: dict[str, str] = {}
        """Buyer by the number of their dishwasher's order."""

    async def name(self) -> None:
        """Call the goods of the story by their names."""
        named = [{"code": c, "name": n, "weight_g": 1_000} for c, n in self.names.items()]
        await caller.ask(self.client, "PUT", "/v1/skus", json=named)

    async def buy(self, wanted: list[tuple[str, str]]) -> None:
        """Place an order for each (buyer, SKU)."""
        bodies = [self._order(buyer, sku) for buyer, sku in wanted]
        for body, (buyer, sku) in zip(bodies, wanted, strict=True):
            if sku == self.washer:
                self.bought[body["number"]] = buyer
        work = [caller.ask(self.client, "POST", "/v1/orders", json=body) for body in bodies]
        await caller.each(AT_ONCE, work)

    def _order(self, buyer: str, sku: str) -> dict[str, Any]:
        self.count += 1
        return {
            "number": f"{self.run}{self.count:05d}",
            "buyer": f"{self.run}-{buyer}",
            "lines": [{"sku": sku, "quantity": 1, "price_fen": 9_900, "title": "示例商品"}],
            "receiver": {
                "name": "李示例",
                "phone": "13900000000",
                "province": "上海市",
                "city": "上海市",
                "detail": "示例路 1 号",
            },
        }

    def some(self, buyers: list[str], percent: int) -> list[str]:
        """Give so many of a hundred of these buyers, exactly."""
        return self.luck.sample(buyers, round(len(buyers) * percent / 100))


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-dishwasher-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "洗碗机故事")
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    with notice_desk.serve() as desk:
        async with (
            stage.client(key) as client,
            httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as browser,
        ):
            told = {"adapter": "webhook", "url": desk.url, "secret": notice_desk.SECRET}
            await caller.ask(client, "PUT", "/v1/notice-settings", json=told)
            officer = Signer(browser, origin)
            await officer.enter(code, f"p03@{code}.example", password)
            town = Town(client)
            await town.name()
            await _live(town, voice)
            await _mine(town, voice)
            await _try_cleaner(town, officer, desk, voice)
            await _try_rinse(town, officer, desk, voice)
    voice.point(f"控制台 {stage.servers[0]}/assets/associations(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}/v1/campaigns")


async def _live(town: Town, voice: Voice) -> None:
    """People buy: who has a dishwasher often comes back for its cleaner, others for anything."""
    old = [f"old{n}" for n in range(OLD)]
    others = [f"other{n}" for n in range(OTHERS)]
    await town.buy(
        [(b, town.washer) for b in old] + [(b, town.luck.choice(town.others)) for b in others]
    )
    keen = set(town.some(old, 50))
    again = [(b, town.cleaner if b in keen else town.luck.choice(town.others)) for b in old]
    again += [(b, town.luck.choice(town.others)) for b in others]
    again += [(b, town.cleaner) for b in town.some(others, 5)]
    await town.buy(again)
    voice.say(f"{OLD} 人买了洗碗机,一半回来买了清洁剂;另 {OTHERS} 人随意地买。")


async def _mine(town: Town, voice: Voice) -> None:
    body = {"kind": "sequence", "window_d": 30, "follow_d": 0}
    found: dict[str, Any] = {}
    for _ in range(_LOOKS):
        found = (await caller.ask(town.client, "POST", "/v1/associations/mine", json=body)).json()
        if found["units"] >= OLD + OTHERS and found["rules"]:
            break
        await asyncio.sleep(_REST_S)
    pairs = [(r["first"], r["then"]) for r in found["rules"]]
    voice.claim("找到 洗碗机→清洁剂", pairs[:1] == [(town.washer, town.cleaner)], pairs)
    voice.claim(f"比较了 {found['tested']} 对,随机的没有一对过关", len(pairs) == 1, pairs)
    rule = found["rules"][0]
    voice.claim("校正后的 q 值低于 0.01", float(rule["q"]) < 0.01, rule["q"])
    own, otherwise = rule["confidence"] / 10, rule["otherwise"] / 10
    voice.say(f"置信度 {own:.1f}%,没买洗碗机的 {otherwise:.1f}%,q = {rule['q']}。")
    voice.figures |= {"tested": found["tested"], "q": rule["q"]}


async def _begin(
    town: Town, officer: Signer, voice: Voice, then: str, holdout: int, least: int, text: str
) -> dict[str, Any]:
    """Propose by the key, start by a person who may."""
    wish = {
        "act": "reminder",
        "first": town.washer,
        "then": then,
        "text": text,
        "basis": _BASIS,
        "until": rfc3339(now_ms() + 30 * DAY_MS),
        "holdout": holdout,
        "least_effect": least,
        "counted_after_h": 0,
    }
    made = (await caller.ask(town.client, "POST", "/v1/campaigns", json=wish)).json()
    voice.claim("提出后还没有人被告知", made["state"] == "proposed", made["state"])
    started: dict[str, Any] = await officer.ask(
        f"/v1/campaigns/{made['id']}/start", {"note": "试一个月"}
    )
    voice.claim("由策略官启动", started["started_by"].startswith("person:"), started["started_by"])
    return started


async def _look(town: Town, campaign: dict[str, Any], wanted: int, *what: str) -> dict[str, Any]:
    """Have it looked after until these figures come to so many, at most for a while."""
    path = f"/v1/campaigns/{campaign['id']}/look"
    seen: dict[str, Any] = {}
    for _ in range(_LOOKS):
        seen = (await caller.ask(town.client, "POST", path, json={})).json()
        if sum(seen["figures"][name] for name in what) >= wanted:
            break
        await asyncio.sleep(_REST_S)
    return seen


def _told(town: Town, desk: Desk, campaign: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Give the buyers whom the notice service was asked to tell, and the others, of a campaign."""
    numbers = {
        t.data["number"] for t in desk.notices.values() if t.data.get("campaign") == campaign["id"]
    }
    told = [b for number, b in town.bought.items() if number in numbers]
    return told, [b for b in dict.fromkeys(town.bought.values()) if b not in set(told)]


async def _try_cleaner(town: Town, officer: Signer, desk: Desk, voice: Voice) -> None:
    new = [f"new{n}" for n in range(NEW)]
    await town.buy([(b, town.washer) for b in new])
    text = "洗碗机用满一个月,该换专用清洁剂了"
    campaign = await _begin(town, officer, voice, town.cleaner, 300, 10, text)
    drawn = await _look(town, campaign, NEW + OLD // 2, *_DRAWN)
    figures = drawn["figures"]
    voice.claim(
        "约三成留作对照,其余都交给了通知服务",
        0.15 < figures["holdout"] / (NEW + OLD // 2) < 0.45
        and figures["told"] == figures["treated"] > 0,
        figures,
    )
    told, left = _told(town, desk, campaign)
    voice.claim("通知服务收到的正是这些人", len(told) == figures["treated"], len(told))
    seen = {t.data["name"] for t in desk.notices.values()}
    voice.claim("写的是批准过的那句话", seen == {text}, seen)
    held = [b for b in left if b.startswith("new")]
    came = town.some(told, WHEN_TOLD) + town.some(held, BY_THEMSELVES)
    await town.buy([(b, town.cleaner) for b in came])
    after = await _look(town, campaign, len(came), *_BOUGHT)
    figures = after["figures"]
    voice.claim("提升为正,随时看都成立", figures["always_low"] > 0, figures)
    voice.claim("真实的提升落在区间里", _holds(figures, WHEN_TOLD - BY_THEMSELVES), figures)
    voice.claim("有效的动作还在进行", after["state"] == "running", after["state"])
    voice.say(
        f"告知组 {figures['bought_treated']}/{figures['counted_treated']},"
        f"对照组 {figures['bought_holdout']}/{figures['counted_holdout']};"
        f"提升 {figures['effect'] / 10:.1f} 个百分点"
        f"(95%:{figures['low'] / 10:.1f} 至 {figures['high'] / 10:.1f})。"
    )
    stopped = await officer.ask(f"/v1/campaigns/{campaign['id']}/stop", {"note": "试完"})
    voice.claim("一键停止", (stopped["state"], stopped["why"]) == ("stopped", "person"), stopped)
    voice.figures["effect"] = figures["effect"]


def _holds(figures: dict[str, Any], percent: int) -> bool:
    return bool(figures["low"] - 60 <= 10 * percent <= figures["high"] + 60)


async def _try_rinse(town: Town, officer: Signer, desk: Desk, voice: Voice) -> None:
    text = "洗碗机搭配漂洗剂,杯子更亮"
    campaign = await _begin(town, officer, voice, town.rinse, 500, 200, text)
    await _look(town, campaign, NEW + OLD, *_DRAWN)
    told, left = _told(town, desk, campaign)
    came = town.some(told, RINSE) + town.some(left, RINSE)
    await town.buy([(b, town.rinse) for b in came])
    after = await _look(town, campaign, len(came), *_BOUGHT)
    figures = after["figures"]
    voice.claim(
        "说了等于没说的动作自己停下",
        (after["state"], after["why"]) == ("stopped", "no_effect"),
        (after["state"], after["why"], figures),
    )
    voice.claim("停下的理由:提升至多到不了 20 个百分点", figures["always_high"] < 200, figures)
    effect, most = figures["effect"] / 10, figures["always_high"] / 10
    voice.say(f"第二个动作:提升 {effect:.1f} 个百分点,随时成立的上界 {most:.1f},自己停下。")
