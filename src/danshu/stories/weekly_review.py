"""`weekly-review` 周会: two weeks of promises, written up from the log. A policy relieved a
warehouse and paid; an experiment made another one late and its guardrail ended it; the officer
reads both, checks that nothing is made up, and takes a sentence into the backlog.
"""

from __future__ import annotations

import asyncio
import datetime
import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.capabilities.stock.model import StockLevel
from danshu.hub.compose import now_ms
from danshu.hub.policy_sets import Canary
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

P: Final = "/v1/coe"
ROUTING: Final = "/v1/routing/policies"
SOUTH: Final = ("广东省", "广州市")
NORTH: Final = ("北京市", "北京市")
EACH: Final = 34  # orders of a city in the week before, and of the south in this one
PER_ARM: Final = 32
MORE: Final = 8
UNITS: Final = 1_000
PLACES: Final = ("GZ01", "SZ01", "BJ01")
SKU: Final = "EX-CUP-BLUE"
AT_ONCE: Final = 32
HTTP_S: Final = 60
WAIT_S: Final = 60
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
HALF: Final = Canary(percent=50)
_UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))


class Week:
    """Orders whose promises fell due so many days ago, by the city they go to."""

    def __init__(self, client: httpx.AsyncClient, mark: str, days_ago: int) -> None:
        self.client = client
        self.mark = f"{mark}{secrets.token_hex(2).upper()}"
        self.paid_ms = now_ms() - (days_ago + 2) * DAY_MS
        self.orders: list[dict[str, Any]] = []

    async def place(self, city: tuple[str, str], count: int, units: int = 1) -> list[Any]:
        """Place orders; gives them."""
        first = len(self.orders)
        bodies = [self._order(first + n, city, units) for n in range(count)]
        work = [caller.ask(self.client, "POST", "/v1/orders", json=body) for body in bodies]
        placed = [one.json() for one in await caller.each(AT_ONCE, work)]
        self.orders += placed
        return placed

    async def ship(self, orders: list[Any], late: set[str]) -> None:
        """Ship orders in time, those named half a day late."""
        await caller.each(AT_ONCE, [self._ship(o["order"], o["order"] in late) for o in orders])

    async def _ship(self, order: str, is_late: bool) -> None:
        for event, hours in (("release", 1), ("pick", 2), ("pack", 3)):
            await caller.act(self.client, order, event, occurred_at=self._at(hours))
        at = self._at(60 if is_late else 30)
        await caller.act(self.client, order, "ship", carrier="示例快递", occurred_at=at)

    def _at(self, hours: int) -> str:
        return rfc3339(self.paid_ms + hours * HOUR_MS)

    def _order(self, n: int, city: tuple[str, str], units: int) -> dict[str, Any]:
        return {
            "number": f"{self.mark}{n:04d}",
            "lines": [{"sku": SKU, "quantity": units, "price_fen": 5_900, "title": "示例商品"}],
            "receiver": {
                "name": "李示例",
                "phone": "13900000000",
                "province": city[0],
                "city": city[1],
                "detail": "示例路 1 号",
            },
            "paid_at": rfc3339(self.paid_ms),
        }

    async def count(self) -> dict[str, tuple[int, int]]:
        """Count kept and judged promises by warehouse, order by order; "" is all of them."""
        work = [caller.read_order(self.client, one["order"]) for one in self.orders]
        sums: dict[str, list[int]] = {"": [0, 0]}
        for whole, placed in zip(await caller.each(AT_ONCE, work), self.orders, strict=True):
            for promise in whole["promises"]:
                if promise["state"] in ("kept", "broken", "late"):
                    for key in ("", placed["plan"][0]["warehouse"]):
                        told = sums.setdefault(key, [0, 0])
                        told[0] += promise["state"] == "kept"
                        told[1] += 1
        return {key: (kept, judged) for key, (kept, judged) in sums.items()}


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-review-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        levels = [StockLevel(warehouse=w, sku=SKU, on_hand=UNITS) for w in PLACES]
        tenant = await furnishing.furnish(connection, code, "周会故事", levels)
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with (
        stage.client(key) as client,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as one,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as two,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as three,
    ):
        officer, second, floor = (Signer(each, origin) for each in (one, two, three))
        for person, login in ((officer, "p03"), (second, "a01"), (floor, "w02")):
            await person.enter(code, f"{login}@{code}.example", password)
        before, now = Week(client, "B", 9), Week(client, "N", 1)
        crowded, other = await _last_week(before, voice)
        trial = await _relieve(officer, second, crowded, voice)
        late = await _this_week(now, officer, trial, crowded, other, voice)
        week = await _review(officer, before, now, (crowded, other), voice)
        await _meet(officer, floor, week, other, voice)
        await _stop(officer, trial, late, voice)
        await _prove(officer, now, week, voice)
    voice.point(f"控制台 {stage.servers[0]}/coe(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}{P}/reviews")


async def _last_week(before: Week, voice: Voice) -> tuple[str, str]:
    """The south is crowded and all late, the north is fine; gives their warehouses."""
    south, north = await before.place(SOUTH, EACH), await before.place(NORTH, EACH)
    crowded, other = (one[0]["plan"][0]["warehouse"] for one in (south, north))
    await before.ship(south + north, {one["order"] for one in south})
    voice.say(f"上上周:{crowded} 爆仓,{EACH} 单全都发晚;{other} 的 {EACH} 单全都按时。")
    return crowded, other


async def _relieve(officer: Signer, second: Signer, crowded: str, voice: Voice) -> str:
    """A policy sends larger orders elsewhere; another one waits for its experiment."""
    relief, trial = await asyncio.gather(
        _publish(officer, second, "大单绕开爆仓", crowded, 2),
        _publish(officer, second, "巨单绕开爆仓", crowded, 90),
    )
    await officer.ask(f"{ROUTING}/sets/{relief}/activate", {})
    voice.say(f"策略官画了一条策略:两件以上的单不进 {crowded};试算、另一人批准、生效。")
    return trial


async def _publish(officer: Signer, second: Signer, name: str, crowded: str, units: int) -> str:
    """Draw, try, submit and approve a set; gives its digest."""
    draft = await officer.ask(f"{ROUTING}/drafts", {"name": name, "from": "empty"})
    path = f"{ROUTING}/drafts/{draft['id']}"
    where = f'code == "{crowded}"'
    cases = [
        {"name": "大", "context": {"order": {"units": units}}, "expect": [["forbid", where]]},
        {"name": "小", "context": {"order": {"units": 1}}, "expect": []},
    ]
    graphs = [_graph(where, units)]
    body = {"revision": 1, "name": name, "graphs": graphs, "cases": cases}
    answer = await officer.client.put(path, json=body, headers=officer.headers)
    saved = answer.raise_for_status().json()
    today = datetime.datetime.now(_UTC8).date().isoformat()
    begun = await officer.ask(f"{path}/simulations", {"day": today})
    end_s = time.monotonic() + WAIT_S
    state = "queued"
    while state in ("queued", "running") and time.monotonic() < end_s:
        await asyncio.sleep(0.2)
        told = await officer.client.get(f"{ROUTING}/simulations/{begun['id']}")
        state = told.raise_for_status().json()["state"]
    await officer.ask(f"{path}/submit", {"revision": saved["revision"]})
    approved = await second.ask(f"{path}/approve", {"digest": saved["digest"]})
    digest: str = approved["digest"]
    return digest


def _graph(where: str, units: int) -> dict[str, Any]:
    row = {"_id": "r", "i": f">= {units}", "effect": "'forbid'", "where": f"'{where}'"}
    table = {
        "hitPolicy": "collect",
        "passThrough": False,
        "outputPath": "effects",
        "executionMode": "single",
        "inputs": [{"id": "i", "name": "件数", "field": "order.units"}],
        "outputs": [{"id": name, "name": name, "field": name} for name in ("effect", "where")],
        "rules": [row],
    }
    return {
        "code": "relief",
        "zh": "绕开爆仓",
        "en": "relief",
        "nodes": [
            {"id": "a", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {"id": "b", "type": "decisionTableNode", "name": "t", "content": table},
            {"id": "c", "type": "outputNode", "name": "out"},
        ],
        "edges": [
            {"id": "1", "sourceId": "a", "targetId": "b"},
            {"id": "2", "sourceId": "b", "targetId": "c"},
        ],
    }


async def _this_week(
    now: Week, officer: Signer, trial: str, crowded: str, other: str, voice: Voice
) -> str:
    """The south is in time; in the north an experiment makes its half late. Gives its id."""
    singles = await now.place(SOUTH, EACH)
    doubles = await now.place(SOUTH, 4, units=2)
    moved = {one["plan"][0]["warehouse"] for one in doubles}
    voice.claim(f"两件以上的单不再进 {crowded}", crowded not in moved, sorted(moved))
    await now.ship(singles + doubles, set())
    begun = await officer.ask(
        f"{P}/experiments",
        {
            "name": "巨单绕开爆仓",
            "digest": trial,
            "until": rfc3339(now_ms() + 14 * DAY_MS),
            "percent": HALF.percent,
            "primary": "cost",
            "guardrails": [{"metric": "late", "bound": 50}],
        },
    )
    north: list[Any] = []
    arms: list[list[str]] = [[], []]
    while min(map(len, arms)) < PER_ARM:
        fresh = await now.place(NORTH, MORE if north else 2 * PER_ARM)
        north += fresh
        for one in fresh:
            arms[HALF.takes(trial, uuid.UUID(one["order"]), "", "")].append(one["order"])
    late = set(arms[True][:PER_ARM])
    await now.ship(north, late)
    voice.say(
        f"上周:{crowded} 的 {EACH} 单全都按时。{other} 上做实验,实验组 {len(arms[True])} 单里"
        f" {len(late)} 单发晚,对照组 {len(arms[False])} 单全都按时。"
    )
    return str(begun["id"])


async def _review(
    officer: Signer, before: Week, now: Week, places: tuple[str, str], voice: Voice
) -> str:
    """The officer has the review written and reads it, beside a count of every order."""
    then, lately = await asyncio.gather(before.count(), now.count())
    week = (await officer.client.get(f"{P}/reviews")).raise_for_status().json()["today"]
    end_s = time.monotonic() + WAIT_S
    point: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    while time.monotonic() < end_s and point.get("judged") != lately[""][1]:
        whole = await officer.ask(f"{P}/reviews", {"week": week})
        point = whole["body"]["curve"][-1]
        if point["judged"] != lately[""][1]:  # the last facts are not in the log yet
            await asyncio.sleep(0.5)
    told = (point["kept"], point["judged"])
    voice.claim("周报数的与逐单数的一样", told == lately[""], (told, lately[""]))
    past = whole["body"]["curve"][-2]
    told = (past["kept"], past["judged"])
    voice.claim("上上周也一样", told == then[""], (told, then[""]))
    said = {
        s["code"]: {one["key"]: one for one in s["sentences"]} for s in whole["body"]["sections"]
    }
    crowded, other = places
    for code, place, what in (("better", crowded, "变好"), ("worse", other, "变坏")):
        one = said[code].get(f"change:warehouse:{place}", {"zh": "", "cites": []})
        kept, judged = lately[place]
        shown = f"（{kept}/{judged}）" in one["zh"]
        voice.claim(f"{what}:{one['zh'] or place}", shown, list(said[code]))
    paid = [one["zh"] for key, one in said["paid"].items() if key.startswith("policy:")]
    voice.claim(f"决策见效:{paid[:1]}", bool(paid) and "：见效" in paid[0], paid)
    trees = whole["body"]["trees"]
    exact = [
        sum(b["rate"] + b["mix"] for b in t["branches"] if not b.get("parent")) + t["rest"]
        == t["change"]
        for t in trees
    ]
    voice.claim("每棵树的分支加起来正是总的变化", all(exact), exact)
    await _facts(officer, whole, voice)
    voice.figures |= {"week": week, "kept": point["kept"], "judged": point["judged"]}
    return str(week)


async def _facts(officer: Signer, whole: dict[str, Any], voice: Voice) -> None:
    """Every sentence cites something, and every fact that is cited is there."""
    sentences = [one for s in whole["body"]["sections"] for one in s["sentences"]]
    voice.claim(f"{len(sentences)} 句话,句句有依据", all(one["cites"] for one in sentences))
    cited = {c["label"] for one in sentences for c in one["cites"] if c["kind"] == "fact"}
    found = [
        any(f["type"].startswith("promise.") for f in answer.json()["facts"])
        for answer in await caller.each(
            AT_ONCE, [officer.client.get(f"/v1/orders/{order}/facts") for order in cited]
        )
    ]
    voice.claim(f"引用的 {len(found)} 条事实都在账册里", bool(found) and all(found), found)


async def _meet(officer: Signer, floor: Signer, week: str, other: str, voice: Voice) -> None:
    """A sentence becomes an item of the backlog; who may not, may not."""
    path = f"{P}/reviews/{week}/agenda"
    key = f"question:warehouse:{other}"
    wish = {"key": key, "accepted": True, "owner": "role:policy", "note": "先停实验"}
    refused = await floor.call(path, wish)
    voice.claim("仓配主管不能替会上决定", refused.status_code == 403, refused.status_code)
    settled = await officer.ask(path, wish)
    (agenda,) = settled["review"]["agenda"]
    mine = await officer.client.get(f"{P}/backlog", params={"mine": "true"})
    items = {one["id"]: one for one in mine.raise_for_status().json()["items"]}
    plan = items.get(agenda["item"], {}).get("plan", {})
    voice.claim("这一问成了策略官的待办", plan.get("ref") == f"{week}/{key}", plan)


async def _stop(officer: Signer, trial: str, experiment: str, voice: Voice) -> None:
    """Looked at, the experiment stops by itself, and its canary with it."""
    path = f"{P}/experiments/{experiment}/look"
    end_s = time.monotonic() + WAIT_S
    seen: dict[str, Any] = {"state": "running"}
    while seen["state"] == "running" and time.monotonic() < end_s:
        seen = await officer.ask(path, {})
    why = (seen["state"], seen.get("why"), seen.get("breached"))
    voice.claim("迟到护栏被突破,实验自己停下", why == ("stopped", "guardrail", "late"), why)
    late = {f["metric"]: f for f in seen["figures"]}["late"]
    voice.say(
        f"实验组迟到 {late['treated_sum']}/{late['treated']},对照组 {late['control_sum']}/"
        f"{late['control']};随时成立的下界 {late['low'] / 10:+.1f} 个百分点,护栏 +5.0。"
    )
    head = (await officer.client.get(ROUTING)).raise_for_status().json()
    voice.claim("灰度随之结束,生效的策略没有动", not head["canary"] and head["live"], trial)


async def _prove(officer: Signer, now: Week, week: str, voice: Voice) -> None:
    """What comes later changes nothing of what was written."""
    await now.ship(await now.place(NORTH, 1), set())
    proof = (await officer.client.get(f"{P}/reviews/{week}/proof")).raise_for_status().json()
    voice.claim("又来了一单,旧周报重算出来还是同样的字节", proof["is_same"], proof)
