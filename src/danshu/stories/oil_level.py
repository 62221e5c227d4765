"""`oil-level`: 油位偏低 is not 需补油. A fixed camera and an inspector report a low oil level; what
is done comes from the regulation alone, whoever asks for what it forbids.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.stories import caller, furnishing
from danshu.stories.caller import ask
from danshu.testing import gauges
from danshu.testing.gauges import Scene

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice
    from danshu.testing.gauges import Spoilt

DEVICE: Final = "T2"
WORDS: Final = "二号变压器油位偏低,赶紧补点油"
REGULATION: Final = "Q/SP-2025-07"
_READ_S: Final = 60
_SPOILT: Final[tuple[tuple[Spoilt, str], ...]] = (
    ("fog", "low_contrast"),
    ("glare", "glare"),
    ("moved", "moved_camera"),
)
_DEVICES: Final = [
    {"code": DEVICE, "name": "二号变压器", "kind": "transformer", "device_class": "transformer"}
]


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-oil-level-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "油位故事", [])
        key = await furnishing.renew_key(connection, tenant, "story")
    async with stage.client(key) as client:
        await ask(client, "PUT", "/v1/devices", json=_DEVICES)
        await _draw(client, voice)
        low = await _see_low(client, voice)
        await _cannot_see(client, voice)
        await _ask_graph(client, voice)
        said = await _hear(client, voice)
        await _insist(client, low, voice)
        repair = await _decide(client, said, voice)
        await _share(client, voice)
    voice.point(f"控制台 {stage.servers[0]}/intents 与 /review(商户 {code})")
    voice.point("教它自己的规程:docs/how-to/teach-the-intent-graph.md")
    voice.figures |= {"tenant": code, "repair": repair}


async def _send(
    client: httpx.AsyncClient, body: bytes, kind: str, modality: str, **source: str
) -> dict[str, Any]:
    """Send an original and wait until it is read."""
    sent = await ask(
        client,
        "POST",
        "/v1/originals",
        params={"modality": modality},
        content=body,
        headers={"content-type": kind, "danshu-source": json.dumps(source)},
    )
    told: dict[str, Any] = sent.json()
    path, end = f"/v1/originals/{told['row']['id']}", time.monotonic() + _READ_S
    while told["row"]["state"] == "received" and time.monotonic() < end:
        await asyncio.sleep(0.2)
        told = (await ask(client, "GET", path)).json()
    return told


async def _picture(client: httpx.AsyncClient, scene: Scene) -> dict[str, Any]:
    return await _send(client, gauges.draw(scene), "image/jpeg", "gauge", device=DEVICE)


async def _draw(client: httpx.AsyncClient, voice: Voice) -> None:
    voice.say("固定摄像头对着二号变压器的油位计。还没有人告诉单枢表在画面哪里。")
    first = await _picture(client, Scene(kind="level", share=0.62, seed=1))
    row = first["row"]
    voice.claim(
        "没画过的表不猜:转人工,说明是不认识的表",
        (row["state"], row["troubles"]) == ("review", ["no_gauge"]),
        (row["state"], row["troubles"]),
    )
    region = gauges.region("level")
    gauge = {name: region[name] for name in ("kind", "width", "height", "box")}
    gauge |= {"device": DEVICE, "code": "oil", "low_symptom": "oil_low", "low_at": 30_000}
    drawn = await ask(client, "PUT", "/v1/gauges", json={"gauge": gauge, "original": row["id"]})
    value = drawn.json()["value"]
    voice.claim(
        "在照片上框出油位计,当场读出 62 %(误差不到 1 个百分点),低于 30 % 记作油位偏低",
        abs(value - 62_000) < 1_000,
        value,
    )


async def _see_low(client: httpx.AsyncClient, voice: Voice) -> dict[str, Any]:
    full = await _picture(client, Scene(kind="level", share=0.7, light=0.7, noise=9, seed=2))
    voice.claim(
        "油位 70 %:什么也不做",
        (full["row"]["state"], full["row"]["intent"]) == ("acted", "none"),
        (full["row"]["state"], full["row"]["intent"]),
    )
    low = await _picture(client, Scene(kind="level", share=0.22, light=0.8, noise=8, seed=3))
    asked = low["draft"]["repair"]
    voice.claim(
        "油位 22 %:读成症状「油位偏低」,数值在案;照片里没有动作,读表的也说不出动作",
        asked["symptoms"] == ["oil_low"] and abs(asked["figures"]["oil"] - 22_000) < 1_000,
        asked,
    )
    voice.claim("第一批一律由人复核", low["row"]["state"] == "review", low["row"]["state"])
    return low


async def _cannot_see(client: httpx.AsyncClient, voice: Voice) -> None:
    voice.say("起雾、反光、摄像头被碰歪:")
    for spoilt, trouble in _SPOILT:
        told = await _picture(client, Scene(kind="level", share=0.2, spoilt=spoilt, seed=4))
        parsed, row = told["parsed"], told["row"]
        asked = [q["code"] for q in parsed.get("questions", [])]
        voice.claim(
            f"{spoilt}:读不清就问人,不给数",
            row["state"] == "review"
            and trouble in row["troubles"]
            and asked == ["gauge_unreadable"]
            and not told["draft"]["repair"].get("figures"),
            (row["state"], row["troubles"], asked),
        )


async def _try(client: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    told: dict[str, Any] = (await ask(client, "POST", "/v1/intents/try", json=asked)).json()
    directed: dict[str, Any] = told["directed"]
    return directed


def _codes(directed: dict[str, Any]) -> set[str]:
    return {a["code"] for a in (*directed["actions"], *directed["candidates"])}


async def _ask_graph(client: httpx.AsyncClient, voice: Voice) -> None:
    told = await _try(client, equipment="transformer", symptoms=["oil_low"])
    voice.claim(
        f"图谱:油位偏低 → {REGULATION} → 停机检修",
        (told["regulation"], [a["title"] for a in told["actions"]]) == (REGULATION, ["停机检修"]),
        (told["regulation"], told["actions"]),
    )
    steps = [(s["origin"], s["link"], s["target"]) for s in told["why"]]
    voice.claim(
        "依据一步步写着,补油列在禁止项",
        ("Q-SP-2025-07", "forbids", "top_up_oil") in steps and "top_up_oil" in told["forbids"],
        steps,
    )


async def _hear(client: httpx.AsyncClient, voice: Voice) -> dict[str, Any]:
    voice.say(f"巡检员发来一句:「{WORDS}」")
    said = await _send(client, WORDS.encode(), "text/plain", "text", speaker="p-7")
    asked = said["draft"]["repair"]
    voice.claim(
        "听成报修:二号变压器,油位偏低",
        (said["row"]["intent"], asked["device"], asked["symptoms"])
        == ("maintain", DEVICE, ["oil_low"]),
        (said["row"]["intent"], asked),
    )
    told = await _try(client, equipment="transformer", words=WORDS)
    voice.claim(
        "他要的补油正是禁止的:矛盾,交给人",
        (told["contradiction"], told["asked"]) == ("asked_forbidden", ["top_up_oil"]),
        (told["contradiction"], told["asked"]),
    )
    return said


async def _insist(client: httpx.AsyncClient, low: dict[str, Any], voice: Voice) -> None:
    """A classifier that names an action instead of a symptom: no draft of it is carried out."""
    voice.say("一个分类器一口咬定「补油」,把它当症状填进草稿:")
    path = f"/v1/originals/{low['row']['id']}/confirm"
    for symptoms in (["top_up_oil"], ["补油"], ["oil_low", "top_up_oil"]):
        repair = {"device": DEVICE, "symptoms": symptoms, "said": "补油"}
        response = await client.post(path, json={"draft": {"repair": repair}})
        code = response.json().get("code")
        voice.claim(
            f"{'、'.join(symptoms)}:图谱不认,不派单",
            (response.status_code, code) == (422, "contradiction"),
            (response.status_code, code),
        )


async def _decide(client: httpx.AsyncClient, said: dict[str, Any], voice: Voice) -> str:
    path = f"/v1/originals/{said['row']['id']}/confirm"
    done = (await ask(client, "POST", path, json={"draft": said["draft"]})).json()
    id_ = done["row"]["repair"]
    repair = (await ask(client, "GET", f"/v1/repairs/{id_}")).json()
    voice.claim(
        "人看过后确认:派出的工单是停机检修,写明规程",
        (repair["action"], repair["regulation"].split()[0]) == ("stop_and_overhaul", REGULATION),
        (repair["action"], repair["regulation"]),
    )
    found = (await ask(client, "GET", "/v1/repairs")).json()["items"]
    voice.claim(
        "从头到尾没有一张补油的单,也没有人改过订单",
        {r["action"] for r in found} == {"stop_and_overhaul"}
        and await caller.list_orders(client) == [],
        [r["action"] for r in found],
    )
    return str(id_)


async def _share(client: httpx.AsyncClient, voice: Voice) -> None:
    """Whatever somebody says of whatever symptom of a transformer, oil is never topped up."""
    graph = (await ask(client, "GET", "/v1/intents")).json()["graph"]
    answers = [
        await _try(client, equipment="transformer", symptoms=["oil_low", s["code"]], words="补油")
        for s in graph["symptoms"]
    ]
    voice.claim(
        f"变压器油位偏低加上其余 {len(answers)} 个症状里的任何一个,再喊补油,答案里也没有补油",
        all("top_up_oil" not in _codes(a) for a in answers),
        [sorted(_codes(a)) for a in answers],
    )
