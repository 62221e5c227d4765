"""The golden set: decisions as they were recorded once, to be replayed for ever.

`python -m tests.capabilities.routing.golden_decisions` writes the files that are missing; it never
writes over one. A change that makes one differ needs another `CODE`, and a set of its own beside.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from danshu.capabilities.routing.decide import CODE, Decision, decide_batch
from danshu.capabilities.routing.signals import Reading, Signals, resolve
from danshu.capabilities.routing.snapshot import Snapshot
from tests.capabilities.routing.test_rulings import make_ruled
from tests.capabilities.routing.worlds import make_network, make_requests, make_world

FOLDER = Path(__file__).parent / "golden"
NOW_MS = 1_795_345_200_000
WAREHOUSES, REGIONS, SKUS = 9, 12, 30
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(list[Decision]).decode


def stale_signals() -> Signals:
    """Red alerts, dead feeds, sensors that disagree, warehouses that were never connected."""
    network = make_network(3, WAREHOUSES, REGIONS)
    rng = np.random.default_rng(11)
    told = []
    for code in network.codes[:7]:
        for key, low, high, ttl_ms in (
            ("equipment_health", 0.1, 1.0, 300_000),
            ("labour_redundancy", 0.3, 1.2, 300_000),
            ("cold_unit_health", 0.3, 1.0, 120_000),
            ("pick_backlog", 0.0, 400.0, 60_000),
            ("wx_alert", 0.0, 0.0, 600_000),
        ):
            at_ms = NOW_MS - int(rng.integers(0, 2 * ttl_ms))
            value = float(rng.uniform(low, high))
            if key == "wx_alert":
                value = float(rng.choice([0, 203, 204, 1104]))
            told.append(_say(key, f"wh:{code}", value, at_ms))
        for sensor in range(3):
            at_ms = NOW_MS - int(rng.integers(0, 150_000))
            subject = f"zn:{code}/chilled/s{sensor}"
            told.append(_say("zone_temp", subject, float(rng.uniform(1, 9)), at_ms))
    return resolve(told, network, NOW_MS)


def _say(key: str, subject: str, value: float, at_ms: int) -> Reading:
    return Reading(
        key=key, subject=subject, value=value, observed_ms=at_ms, received_ms=at_ms, source="g"
    )


def make() -> dict[str, tuple[Snapshot, list[Decision]]]:
    """Make the sets anew: rulings, prices, and signals that are stale; twenty orders each."""
    made = {}
    worlds = {
        "rulings": make_world(1, WAREHOUSES, REGIONS, SKUS),
        "prices": make_world(2, WAREHOUSES, REGIONS, SKUS, priced=True),
        "signals": make_world(3, WAREHOUSES, REGIONS, SKUS, signals=stale_signals()),
    }
    for name, world in worlds.items():
        lines = (1, 5)
        ask = make_ruled if name == "rulings" else make_requests
        requests = ask(world, 20, lines, 0.2)
        atp, capacity = world.counters()
        decided = decide_batch(world.snapshot, requests, 620, atp, capacity, "python")
        made[name] = (world.snapshot, decided.decisions)
    return made


def read(name: str) -> tuple[bytes, list[Decision]]:
    """Read a set: the snapshot's stored bytes, and the decisions."""
    raw = (FOLDER / f"{CODE}.{name}.json").read_bytes()
    return (FOLDER / f"{CODE}.{name}.snapshot").read_bytes(), _decode(raw)


def write() -> None:
    """Write the files that are missing."""
    FOLDER.mkdir(exist_ok=True)
    for name, (snapshot, decisions) in make().items():
        path = FOLDER / f"{CODE}.{name}.json"
        if not path.exists():
            path.write_bytes(_encode(decisions))
            (FOLDER / f"{CODE}.{name}.snapshot").write_bytes(snapshot.dump())


if __name__ == "__main__":
    write()
