"""`danshu bench chaos`: what breaks is broken under load, one thing after the other, and everything
that was acknowledged is looked for afterwards, on every side.

Two servers, two workers of the same rooms of which one stands by, the embedded database with its
supervisor, three nodes of NATS, a webhook receiver, and risk, finance and logistics, who are asked
of each order that is paid. All are processes, or threads, of this run alone; nothing else is
touched. Buyers place orders at `--size` a second and go on at the other server, under the same
number, until they are answered.

Of each fault: `held_s`, how long it lasted; `seconds`, from its end (a kill: from the kill) until
an order acknowledged after that, and all acknowledged before it, are on the stream, at the receiver
and in the books of all three parties. Then: acknowledged orders that are lost, on any side; effects
that took place twice: an order or a fact stored twice, an event that the consumer's books or the
receiver acted on twice, a party's books with one order twice, a party's answer written down twice;
events of one order out of order. `danshu audit` reads the whole log at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.bench import chaos_faults
from danshu.bench import rig as rigs
from danshu.bench.chaos_play import Play
from danshu.bench.load import Plan
from danshu.bench.place import ambient, check, plenty
from danshu.bench.report import Report, make_report, read_machine
from danshu.hub import relay_room
from danshu.testing import bad_line, event_receivers, nats_nodes, paid_parties

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.bench.chaos_play import Fault
    from danshu.bench.rig import Rig
    from danshu.testing.event_receivers import Receiver

RATE: Final = 30
HOLD_S: Final = 4
BUDGET: Final = {"lost": 0.0, "doubled": 0.0, "out_of_order": 0.0, "differences": 0.0, "stuck": 0.0}


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Play all faults, each held for `seconds`."""
    hold_s = float(seconds or HOLD_S)
    return play(chaos_faults.ALL, hold_s, size or RATE, servers=2, workers=2)


def play(
    faults: Sequence[Fault], hold_s: float, rate: float, *, servers: int, workers: int
) -> Report:
    """Open a site, play faults on it, and look for everything on every side."""
    machine = read_machine()
    os.environ.setdefault("DANSHU_SAFE_KEY", uuid.uuid4().hex * 2)
    with contextlib.ExitStack() as stack:
        nodes = stack.enter_context(nats_nodes.run(3))
        os.environ[relay_room.URL] = nodes.url
        stack.callback(os.environ.pop, relay_room.URL)
        rig = stack.enter_context(rigs.open_rig(plenty(), servers=servers, workers=False))
        plan = Plan(
            host="127.0.0.1",
            port=rig.ports[0],
            key=rig.key,
            rate=rate,
            seconds=0,
            regions=rigs.places(),
            skus=ambient(),
        )
        made = Play(rig, nodes, plan)
        for nth in range(workers):
            made.start_worker(f"work{nth}")
        made.receiver = stack.enter_context(event_receivers.serve())
        made.lines["webhook"] = stack.enter_context(bad_line.open_line(made.receiver.url))
        for name in paid_parties.WORDS:
            made.parties[name] = stack.enter_context(paid_parties.serve(name))
            made.lines[name] = stack.enter_context(bad_line.open_line(made.parties[name].url))
        _furnish(made)
        told = asyncio.run(made.run(faults, hold_s))
        figures = _look(made) | {"differences": _audit(rig)}
    figures["stuck"] = sum(each["seconds"] == float("inf") for each in told.values())
    return make_report(
        "chaos", figures=figures | told, floor={}, ratio={}, budget=BUDGET, machine=machine
    )


def _furnish(made: Play) -> None:
    """Subscribe the receiver, connect the parties, and have them asked of each paid order."""
    headers = {"authorization": f"Bearer {made.rig.key}"}
    address = f"http://127.0.0.1:{made.rig.ports[0]}"
    assert made.receiver is not None
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:

        def ask(method: str, path: str, body: Any = None) -> Any:
            return client.request(method, path, json=body).raise_for_status().json()

        types = ["danshu.order.placed", "danshu.order.allocated"]
        wanted: dict[str, Any] = {"name": "chaos", "url": made.lines["webhook"].url, "types": types}
        wanted |= {"mode": "batch", "timeout_s": 2}
        made.receiver.secrets.append(ask("POST", "/v1/subscriptions", wanted)["secret"])
        for name, line in made.lines.items():
            if name == "webhook":
                continue
            secrets = {"signing_secret": paid_parties.SECRET}
            desk = {"adapter": f"{name}-desk", "title": name, "url": line.url, "secrets": secrets}
            id_ = made.desks[name] = ask("POST", "/v1/connectors", desk)["id"]
            ask("POST", f"/v1/connectors/{id_}/state", {"state": "on", "reason": "chaos"})
        version = ask("GET", "/v1/paid-review-settings")["version"]
        parties = [{"name": name, "within_s": 600} for name in made.parties]
        body = {"version": version, "on": True, "parties": parties}
        ask("PUT", "/v1/paid-review-settings", body)


def _look(made: Play) -> dict[str, Any]:
    """Look for everything that was acknowledged, on every side."""
    buyers, inbox, receiver = made.buyers, made.inbox, made.receiver
    assert receiver is not None
    orders = set(buyers.acknowledged.values())
    stored = check(made.rig, len(buyers.acknowledged))
    lost = {side: len(orders - made.read(side)) for side in made.sides()}
    held = Counter((name, t.subject) for name, p in made.parties.items() for t in p.books.values())
    return {
        "orders": len(orders),
        "lost": sum(lost.values()) + stored["missing"],
        "doubled": stored["keys_unlike_orders"]
        + stored["facts_unlike_orders"]
        + stored["stored"]
        - len(orders)
        + buyers.unlike
        + inbox.doubled()
        + sum(count > 1 for count in held.values())
        + _count_answers(made),
        "out_of_order": inbox.out_of_order + _count_disorder(receiver),
        "oversold": stored["oversold"],
        "buyers_repeats": buyers.repeats,
        "buyers_waited_max_s": round(buyers.waited_max_s, 1),
        "stream_events": inbox.events,
        "stream_repeats": inbox.repeats,
        "webhook_repeats": sum(receiver.came.values()) - len(receiver.came),
        "asked_again": sum(t.times - 1 for p in made.parties.values() for t in p.books.values()),
        "called_back_twice": len(made.called_back),
    }


def _count_disorder(receiver: Receiver) -> int:
    last: dict[str, int] = {}
    wrong = 0
    for event in receiver.events:
        wrong += event.seq <= last.get(event.subject, 0)
        last[event.subject] = event.seq
    return wrong


def _count_answers(made: Play) -> int:
    """Count answers of parties that were written down more than once."""
    if not made.called_back:
        return 0
    headers = {"authorization": f"Bearer {made.rig.key}"}
    address = f"http://127.0.0.1:{made.rig.ports[0]}"
    more = 0
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
        for order in made.called_back:
            facts = client.get(f"/v1/orders/{order}/facts").raise_for_status().json()["facts"]
            answers = [
                fact["data"]["party"] for fact in facts if fact["type"] == "paid_review.answered"
            ]
            more += len(answers) - len(set(answers))
    return more


def _audit(rig: Rig) -> int:
    """Fold the whole log and compare every row; how many differ."""
    with tempfile.TemporaryDirectory(prefix="danshu-chaos-") as folder:
        out = Path(folder, "audit.json")
        with out.open("wb") as file:
            subprocess.run(
                [sys.executable, "-m", "danshu", "audit", "--tenant", "bench", "--json"],
                env={**os.environ, "DANSHU_DATABASE_URL": rig.url},
                stdout=file,
                check=False,
            )
        told = json.loads(out.read_bytes())
    return sum(len(value) for key, value in told.items() if key.endswith("differences"))
