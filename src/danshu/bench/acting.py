"""What an action of grade A costs from end to end: begun, evidence handed in, signed, committed."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import httpx
import psycopg

from danshu.bench import rig as rigs
from danshu.bench.cpu import cpu_us
from danshu.hub import invitations, merchant_settings, passwords
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.bench.rig import Rig

ACTION: Final = "quality_check"  # signed, with a report and a photo
ACTS: Final = 40
_WARM: Final = 5
_REPORT: Final = b"%PDF-1.7 " + b"0" * 20_000
_PHOTO: Final = b"\xff\xd8\xff" + b"1" * 60_000
_HTTP_S: Final = 30


def measure(rig: Rig, code: str = "bench") -> dict[str, Any]:
    """Do ACTS signed actions on orders that are there, one after the other, over HTTP.

    Gives `action_ms` (the quickest, from the beginning to the answer after the commit) and
    `action_cpu_us` (server and database an action; the person's device is not counted).
    """
    return asyncio.run(_measure(rig, code))


async def _measure(rig: Rig, code: str) -> dict[str, Any]:
    password = await _seat(rig, code)
    origin = f"http://localhost:{rig.ports[0]}"
    found = rigs.query(rig.url, "select id from orders order by id limit %s", ACTS + _WARM)
    async with httpx.AsyncClient(base_url=origin, timeout=_HTTP_S) as client:
        person = Signer(client, origin)
        await person.enter(code, f"r07@{code}.example", password)
        await person.register("bench")
        took = []
        before = 0.0
        for nth, (order,) in enumerate(found):
            if nth == _WARM:
                before = _cpu(rig)
            began = time.perf_counter()
            await _act(person, str(order), nth)
            took.append((time.perf_counter() - began) * 1000)
        used = _cpu(rig) - before
    counted = sorted(took[_WARM:])
    return {
        "action_ms": round(counted[0], 1),
        "action_p50_ms": round(counted[len(counted) // 2], 1),
        "action_cpu_us": round(used / len(counted)),
        "actions": len(counted),
    }


async def _act(person: Signer, order: str, nth: int) -> None:
    path = f"/v1/orders/{order}/acts"
    begun = await person.ask(path, {"action": ACTION})
    act = f"{path}/{begun['id']}"
    mark = b"%08d" % nth  # the same bytes twice would be stored once
    await person.upload(f"{act}/files?kind=report", "application/pdf", _REPORT + mark)
    await person.upload(f"{act}/files?kind=photo", "image/jpeg", _PHOTO + mark)
    shown = await person.ask(f"{act}/prepare", {})
    credential = person.device.get(shown["options"])
    await person.ask(f"{act}/complete", {"credential": credential})


async def _seat(rig: Rig, code: str) -> str:
    """Seat a reviewer with a new password, who needs no code beside it."""
    password = secrets.token_hex(8)
    hashed = await passwords.Hasher().hash(password)
    async with await psycopg.AsyncConnection.connect(rig.url, autocommit=True) as connection:
        door = await merchant_settings.find_door(connection, code)
        await merchant_settings.change(connection, door, rigs.BENCH, door.name, "optional")
        async with connection.transaction():
            await invitations.seat(
                connection,
                rig.tenant,
                rigs.BENCH,
                login=f"r07@{code}.example",
                name="复核员",
                number="R07",
                roles=("reviewer",),
                hashed=hashed,
            )
    return password


def _cpu(rig: Rig) -> float:
    return sum(cpu_us(pid) for pid in rig.pids("server")) + cpu_us(rig.pg_pid, tree=True)
