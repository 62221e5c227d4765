"""`machine-tool`: a spindle is heard. Its first waves are what is normal for it; then an outer race
breaks up, and what the regulation asks for is ordered of the supplier, with the spare from the
merchant's own warehouse. A sensor gone mad and a rolling element's fault go to a person.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.faces.cli import edge
from danshu.stories import caller, furnishing
from danshu.stories.caller import ask
from danshu.testing import repair_desk, vibrations

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice
    from danshu.testing.repair_desk import Desk

DEVICE: Final = "SP-01"
PART: Final = "BRG-6205"
REGULATION: Final = "GB/T 24611"
_SPINDLE: Final = vibrations.Machine(seed=2_026)
_SHORT: Final[dict[str, Any]] = {"seconds": 5.0, "rate_hz": 12_800}
_NORMALS: Final = 8
_READ_S: Final = 60
_DIRECTORY: Final = [
    {
        "kind": "store",
        "code": "PLANT-1",
        "name": "一号车间",
        "address": {"province": "浙江省", "city": "杭州市", "district": "滨江区", "detail": "9 号"},
    },
    {"kind": "supplier", "code": "MAKER", "name": "主轴厂"},
]
_SPARE: Final = {"code": PART, "name": "深沟球轴承 6205", "weight_g": 130, "price_fen": 8_600}
_SHELF: Final = {"warehouse": "HZ01", "sku": PART, "on_hand": 4}
_RECORD: Final[dict[str, Any]] = {
    "code": DEVICE,
    "name": "加工中心主轴",
    "kind": "spindle",
    "device_class": "spindle",
    "site": "PLANT-1",
    "supplier": "MAKER",
    "serial": "MC-2024-0917",
    "bearing": _SPINDLE.bearing,
    "rpm": round(_SPINDLE.rpm),
    "zones": "group_2_rigid",
    "warranty_until": "2099-12-31",
    "parts": [{"sku": PART, "quantity": 1, "fault": "outer_race_fault"}],
}


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant, with a supplier of its own."""
    code = f"story-machine-tool-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "机床故事", [])
        key = await furnishing.renew_key(connection, tenant, "story")
    with repair_desk.serve() as desk:
        async with stage.client(key) as client:
            await _furnish(client, desk)
            await _learn(client, stage.servers[0], key, voice)
            await _doubt(client, voice)
            told = await _break(client, voice)
            repair = await _order(client, desk, told, voice)
            await _close(client, desk, repair, voice)
    voice.point(f"控制台 {stage.servers[0]}/devices/{DEVICE}(商户 {code}):趋势、波形与包络谱")
    voice.point("接自己的设备:docs/how-to/connect-a-machine.md")
    voice.figures |= {"tenant": code, "repair": repair["id"], "order": repair["order"]}


async def _furnish(client: httpx.AsyncClient, desk: Desk) -> None:
    await ask(client, "PUT", "/v1/names/directory", json=_DIRECTORY)
    await ask(client, "PUT", "/v1/skus", json=[_SPARE])
    await ask(client, "PUT", "/v1/stock", json={"levels": [_SHELF]})
    await ask(client, "PUT", "/v1/devices", json=[_RECORD])
    wish = {
        "adapter": "repair-desk",
        "title": "主轴厂维修台",
        "url": desk.url,
        "secrets": {"signing_secret": repair_desk.SECRET},
    }
    made = (await ask(client, "POST", "/v1/connectors", json=wish)).json()
    path = f"/v1/connectors/{made['id']}/state"
    await ask(client, "POST", path, json={"state": "on", "reason": "故事开场"})


def _wave(nth: int, fault: str = vibrations.HEALTHY) -> bytes:
    return vibrations.frame(vibrations.record(_SPINDLE, nth, fault=fault, **_SHORT), DEVICE)


async def _sheet(client: httpx.AsyncClient) -> dict[str, Any]:
    told: dict[str, Any] = (await ask(client, "GET", f"/v1/devices/{DEVICE}")).json()
    return told


async def _learn(client: httpx.AsyncClient, url: str, key: str, voice: Voice) -> None:
    voice.say("设备旁的采集程序把前八段波形交上来:还没人知道这根主轴怎样算正常。")
    with tempfile.TemporaryDirectory() as folder:
        for nth in range(_NORMALS):
            (Path(folder) / f"{nth}.wave").write_bytes(_wave(nth))
        argv = ["--url", url, "--device", DEVICE, "--folder", folder, "--once"]
        told = edge.parse([*argv, "--buffer", f"{folder}/.buffer/edge.sqlite"], key)
        ended = await asyncio.to_thread(_run_edge, told)
    voice.claim("八段都交到,一段不丢", ended == 0, ended)
    end = time.monotonic() + _READ_S
    sheet = await _sheet(client)
    while sheet["row"]["normals"] < _NORMALS and time.monotonic() < end:
        await asyncio.sleep(0.2)
        sheet = await _sheet(client)
    row = sheet["row"]
    voice.claim(
        "八段无异常的波形成为它自己的正常状态,谁也不用复核",
        (row["state"], row["normals"]) == ("normal", _NORMALS),
        (row["state"], row["normals"]),
    )
    voice.claim(
        "还没判过正常波形:误报率写作未知,不写作零",
        sheet["alarm_bound"] == 1_000,
        sheet["alarm_bound"],
    )
    more = await _send(client, _wave(_NORMALS))
    voice.claim("再来一段正常的:什么也不做", more["row"]["state"] == "acted", more["row"])


def _run_edge(told: Any) -> int:
    return edge.Agent(told).run()


async def _send(client: httpx.AsyncClient, body: bytes) -> dict[str, Any]:
    """Send a wave and wait until it is read."""
    headers = {
        "content-type": edge.MEDIA_TYPE,
        "danshu-source": json.dumps({"device": DEVICE, "via": "edge"}),
    }
    sent = await ask(client, "POST", "/v1/originals", content=body, headers=headers)
    told: dict[str, Any] = sent.json()
    path, end = f"/v1/originals/{told['row']['id']}", time.monotonic() + _READ_S
    while told["row"]["state"] == "received" and time.monotonic() < end:
        await asyncio.sleep(0.2)
        told = (await ask(client, "GET", path)).json()
    return told


async def _doubt(client: httpx.AsyncClient, voice: Voice) -> None:
    mad = vibrations.record(_SPINDLE, 20, **_SHORT)
    mad.samples[100] = np.nan
    told = (await _send(client, vibrations.frame(mad, DEVICE)))["row"]
    voice.claim(
        "采样里有非数:转人工,不下单",
        told["state"] == "review" and "not_finite" in told["troubles"],
        (told["state"], told["troubles"]),
    )
    told = (await _send(client, _wave(21, vibrations.BALL)))["row"]
    voice.claim(
        "像是滚动体故障:单凭波形认不准,交给人",
        told["state"] == "review" and "ball_suspected" in told["troubles"],
        (told["state"], told["troubles"]),
    )
    found = (await ask(client, "GET", "/v1/repairs")).json()["items"]
    voice.claim("到此没有一张维修工单", found == [], len(found))


async def _break(client: httpx.AsyncClient, voice: Voice) -> dict[str, Any]:
    voice.say("外圈剥落:每转一圈,滚动体敲它三次半。")
    told = await _send(client, _wave(30, vibrations.OUTER))
    asked, row = told["draft"]["repair"], told["row"]
    voice.claim(
        "认出外圈故障,只报症状,不说怎么办",
        asked["symptoms"] == ["outer_race_fault"],
        asked["symptoms"],
    )
    voice.claim("第一批一律由人复核", row["state"] == "review", row["state"])
    voice.claim("把握不超过正常样本所能证明的", row["confidence"] < 900, row["confidence"])
    (seen,) = told["parsed"]["perceptions"]
    names = [one["name"] for one in seen["series"]]
    voice.claim(
        "波形、速度谱、包络谱都在原件上",
        names == ["wave", "velocity_spectrum", "envelope_spectrum"],
        names,
    )
    first = (await ask(client, "GET", "/v1/devices")).json()["items"][0]
    voice.claim("设备档案里它排在最前:异常", first["state"] == "abnormal", first["state"])
    return told


async def _order(
    client: httpx.AsyncClient, desk: Desk, told: dict[str, Any], voice: Voice
) -> dict[str, Any]:
    desk.lose = 1
    path = f"/v1/originals/{told['row']['id']}/confirm"
    done = (await ask(client, "POST", path, json={"draft": told["draft"]})).json()["row"]
    path = f"/v1/repairs/{done['repair']}"
    repair = (await ask(client, "GET", path)).json()
    voice.claim(
        "动作来自规程:更换轴承",
        repair["action"] == "replace_bearing" and REGULATION in repair["regulation"],
        (repair["action"], repair["regulation"]),
    )
    is_claimed = bool(repair["warranty"] and repair["wave"])
    voice.claim("在保,主张保修;波形的摘要在工单上", is_claimed, repair)
    order = await caller.read_order(client, repair["order"])
    voice.claim(
        "轴承在自己的杭州仓:当场成一张普通订单发往车间",
        [line["sku"] for line in order["lines"]] == [PART],
        order["lines"],
    )
    end = time.monotonic() + _READ_S
    while repair["state"] == "sent" and time.monotonic() < end:
        await asyncio.sleep(0.2)
        repair = (await ask(client, "GET", path)).json()
    held = desk.held(DEVICE)
    voice.claim(
        "供应商的第一个回答丢了;它账上仍只有一张,并已接单",
        (len(held), repair["state"]) == (1, "accepted"),
        (len(held), repair["state"]),
    )
    voice.claim(
        "供应商知道要做什么、凭哪条规程,也知道轴承不用带",
        held[0].order["action"] == "replace_bearing" and "parts" not in held[0].order,
        held[0].order,
    )
    return dict(repair)


async def _close(
    client: httpx.AsyncClient, desk: Desk, repair: dict[str, Any], voice: Voice
) -> None:
    path = f"/v1/repairs/{repair['id']}/close"
    await ask(client, "POST", path, json={"how": "done", "note": "外圈剥落,已换"})
    await ask(client, "POST", f"/v1/devices/{DEVICE}/reset", json={"reason": "换轴承"})
    path = f"/v1/devices/{DEVICE}/events"
    (event,) = (await ask(client, "GET", path)).json()["items"]
    voice.claim("修好后写进设备的维修记录", event["repair"] == repair["id"], event)
    sheet = await _sheet(client)
    voice.claim("换过轴承,正常状态重新学起", sheet["row"]["state"] == "learning", sheet["row"])
