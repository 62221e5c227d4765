"""`danshu bench evidence`: what evidence costs: the log beside the placing, a bundle, its check.

`cpu_share_percent` is the CPU of the rooms `sequence`, `seal` and `heads` with their connections'
share of the database, while orders are placed, and of the hour's entry over these orders
(`heads_hour_us`), against the CPU of placing them (server, and the rest of the database).
`action_ms` is an action of grade A over HTTP (acting.py). A bundle is of an order with 50 signed
actions; `verify_ms` is `danshu verify`, `verify_alone_ms` the bundle's own verify.py, both on one
core. The floor hashes and zips the same files, and checks the same signatures by OpenSSL.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import signal
import sys
import time
import types
import zipfile
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from danshu.bench import acting
from danshu.bench import rig as rigs
from danshu.bench.cpu import cpu_us
from danshu.bench.load import Plan
from danshu.bench.place import ambient, plenty
from danshu.bench.report import Report, make_report, measure_cpu_us
from danshu.capabilities.people.facts import PasskeyAdded
from danshu.faces import verify
from danshu.faces.cli import opening
from danshu.hub import acts, bundle_files, compose, evidence, heads
from danshu.kernel import ids
from danshu.kernel.fact import NO_HEAD, Actor, Said, pack
from danshu.ledger import blobs, write
from danshu.ledger.prove import Prover
from danshu.testing import dossier

if TYPE_CHECKING:
    import uuid

    from danshu.bench.rig import Rig
    from danshu.hub.world import World
    from danshu.kernel.errors import Refusal

RATE: Final = 2_000
ACTS: Final = 50
BUDGET: Final = {"cpu_share_percent": 5.0, "bundle_ms": 500.0, "verify_ms": 2_000.0}
_ROOMS: Final = ("sequence", "seal", "heads")
_ROUNDS: Final = 5
_SETTLE_S: Final = 120


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure the share at `size` orders a second, then a bundle of 50 actions and its checks."""
    with rigs.open_rig(plenty(), workers=False) as rig:
        figures: dict[str, Any] = _share(rig, size or RATE, seconds or 10)
        figures |= acting.measure(rig)
        told, bundle, trust = asyncio.run(_bundle(rig))
        figures |= told
        figures["heads_hour_us"] = round(asyncio.run(_commit_hour(rig)), 1)
    log_us = figures["log_us_per_order"] + figures["heads_hour_us"]
    share = round(100 * log_us / figures["placing_us_per_order"], 2)
    figures = {"cpu_share_percent": share, **figures}
    figures |= _verify(bundle, trust)
    floor = _floor(bundle)
    return make_report("evidence", figures=figures, floor=floor, budget=BUDGET)


def _share(rig: Rig, rate: int, seconds: int) -> dict[str, Any]:
    for room in _ROOMS:
        rig.processes[room] = rigs.start_process(rig.url, "work", "--only", room)
    plan = Plan(
        host="127.0.0.1",
        port=rig.ports[0],
        key=rig.key,
        rate=rate,
        seconds=seconds,
        regions=rigs.places(),
        skus=ambient(),
    )
    rigs.drive(msgspec.structs.replace(plan, prefix="w", seconds=3, seed=2))
    _settle(rig, heads=1)
    before = _cpu(rig)
    out = rigs.drive(plan)
    _settle(rig)  # what the rooms still owe counts too
    after = _cpu(rig)
    used = {name: (after[name] - before[name]) / max(1, out.answered) for name in after}
    placing = used["server"] + used["database"] - used["following"]
    log = sum(used[room] for room in _ROOMS) + used["following"]
    return {
        "placing_us_per_order": round(placing, 1),
        "log_us_per_order": round(log, 1),
        "log_database_us": round(used["following"], 1),
        **{f"{room}_us": round(used[room], 1) for room in _ROOMS},
        "orders": out.answered,
    }


async def _commit_hour(rig: Rig) -> float:
    """Make the hour's entry over what was placed since the last one; CPU us an order in it."""
    room = rig.processes["heads"]
    room.send_signal(signal.SIGTERM)
    room.wait(30)
    rigs.query(rig.url, "update heads set at = at - interval '2 hours' returning 1")
    connection = await write.connect(rig.url, write.WORKING)
    async with connection:
        before = cpu_us(connection.info.backend_pid) + time.process_time() * 1e6
        await heads.commit_due(connection, compose.now_ms())
        used = cpu_us(connection.info.backend_pid) + time.process_time() * 1e6 - before
    ((orders,),) = rigs.query(
        rig.url, "select sum(count) from heads where not asked and at > now() - interval '1 hour'"
    )
    return used / int(orders)


def _settle(rig: Rig, heads: int = 0) -> None:
    """Wait until every room works, all that was said is signed, and the hour has its entry of
    heads: that of the orders to come is measured apart, whole.
    """
    sql = (
        "select (select count(*) from pg_stat_activity where starts_with(application_name, %s)) >="
        " %s and coalesce((select bool_and(signed = size) from books), false) and not exists"
        " (select 1 from facts f where not exists (select 1 from segments s where s.gen = f.gen"
        " and s.tenant = f.tenant and s.xid_to >= f.xid))"
        " and (select count(*) from heads) >= %s"
    )
    end = time.monotonic() + _SETTLE_S
    while not rigs.query(rig.url, sql, write.WORKING, len(_ROOMS), heads)[0][0]:
        if time.monotonic() > end:
            raise RuntimeError(f"the log was not signed to its end within {_SETTLE_S} s")
        time.sleep(0.2)


def _cpu(rig: Rig) -> dict[str, float]:
    sql = "select pid from pg_stat_activity where starts_with(application_name, %s)"
    backends = [pid for (pid,) in rigs.query(rig.url, sql, write.WORKING)]
    return {
        "server": sum(cpu_us(pid) for pid in rig.pids("server")),
        **{room: sum(cpu_us(pid) for pid in rig.pids(room)) for room in _ROOMS},
        "database": cpu_us(rig.pg_pid, tree=True),
        "following": sum(cpu_us(pid) for pid in backends),
    }


async def _bundle(rig: Rig) -> tuple[dict[str, Any], bytes, list[str]]:
    """Put 50 signed actions on an order and export it, as the hub does."""
    async with compose.open_hub(rig.url) as hub:
        rows = rigs.query(rig.url, "select id from orders order by id limit 1")
        order: uuid.UUID = rows[0][0]
        passkey = dossier.Passkey()
        person = await _register(hub, rig.tenant, passkey)
        await opening.settle_log(rig.url)
        for nth in range(ACTS):
            await _act(hub, rig.tenant, order, passkey, person, nth)
        await opening.settle_log(rig.url)
        prover = Prover()
        async with hub.connection() as connection:
            await evidence.export(connection, prover, rig.tenant, order)  # asks for heads
            await opening.settle_log(rig.url)
            took = []
            bundle = b""
            for _ in range(_ROUNDS):
                began = time.perf_counter()
                bundle = await evidence.export(connection, prover, rig.tenant, order)
                took.append((time.perf_counter() - began) * 1000)
            trust = await evidence.read_trust(connection, rig.tenant)
    told = {"bundle_ms": round(min(took), 1), "bundle_kb": round(len(bundle) / 1024), "acts": ACTS}
    return told, bundle, trust


async def _register(hub: compose.Hub, tenant: int, passkey: dossier.Passkey) -> str:
    """Write the fact of a passkey on the stream of somebody."""
    person = ids.uuid7(compose.now_ms(), b"bench.....")
    subject = f"person:{person}"
    key = hashlib.sha256(passkey.public_key).hexdigest()
    added = PasskeyAdded(credential=passkey.credential, key=key, name="bench")
    packed = pack(
        [Said(data=added)],
        stream=person,
        seq=0,
        head=NO_HEAD,
        actor=Actor(sub=subject, role="reviewer", grade="B"),
        now_ms=compose.now_ms(),
        tenant=tenant,
    )
    async with hub.connection() as connection:
        await write.add_facts(connection, tenant, packed)
    return subject


async def _act(
    hub: compose.Hub,
    tenant: int,
    order: uuid.UUID,
    passkey: dossier.Passkey,
    subject: str,
    nth: int,
) -> None:
    after = {"origin": "", "root": "", "size": 0}
    performed, item, kept = dossier.make_act(
        str(order), passkey, nth, after, subject, dossier.DEFINITION
    )
    said = Said(data=performed, evidence=(item,))

    def decide(_: World, held: acts.Held, __: int) -> acts.Change | Refusal:
        return acts.Change(order=held.order, said=[said], promises=held.promises)

    async with hub.connection() as connection, connection.transaction():
        for path, body in kept.items():
            kind = "image/jpeg" if path.endswith(".jpg") else "application/json"
            await blobs.put(connection, tenant, kind, body)
    await hub.change(tenant, order, decide, Actor(sub=subject, role="reviewer", grade="A"))


def _verify(bundle: bytes, trust: list[str]) -> dict[str, float]:
    alone = types.ModuleType("danshu_verify_alone")
    sys.modules[alone.__name__] = alone
    exec(compile(bundle_files.verifier(), "verify.py", "exec"), alone.__dict__)
    report = verify.verify(io.BytesIO(bundle), trust)
    if report.code == verify.FAILED:
        raise RuntimeError(verify.describe(report))
    kernel = measure_cpu_us(lambda: verify.verify(io.BytesIO(bundle), trust), 3)
    plain = measure_cpu_us(lambda: alone.verify(io.BytesIO(bundle), trust), 3)
    return {
        "verify_ms": round(kernel / 1000, 1),
        "verify_alone_ms": round(plain / 1000, 1),
        "checks": len(report.checks),
    }


def _floor(bundle: bytes) -> dict[str, float]:
    """Hash and zip the same files; hash them again and check as many signatures by OpenSSL."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    key = ec.generate_private_key(ec.SECP256R1())
    signed = key.sign(b"statement", ec.ECDSA(hashes.SHA256()))
    public = key.public_key()

    def write_files() -> None:
        for data in files.values():
            hashlib.sha256(data).digest()
        bundle_files.pack(files)

    def read_files() -> None:
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            for name in archive.namelist():
                hashlib.sha256(archive.read(name)).digest()
        for _ in range(ACTS):
            public.verify(signed, b"statement", ec.ECDSA(hashes.SHA256()))

    return {
        "bundle_ms": round(measure_cpu_us(write_files, _ROUNDS) / 1000, 1),
        "verify_ms": round(measure_cpu_us(read_files, _ROUNDS) / 1000, 1),
    }
