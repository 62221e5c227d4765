"""Facts written once stay readable: the golden file of each fact type, byte for byte."""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from danshu.capabilities.contract import facts
from danshu.kernel import canonical
from danshu.kernel.fact import NAMES, Actor, Evidence, Said, pack, read, unpack

GOLDEN = Path(__file__).resolve().parents[2] / "kernel" / "golden"
STREAM = uuid.UUID("019aa9d3-6b80-7000-8000-000000000001")
DUE = "2026-11-22T10:00:00.000Z"
SCAN = facts.Marked(
    event="carrier.accepted",
    occurred="2026-11-22T09:40:00.000Z",
    recorded="2026-11-22T11:00:00.000Z",
    err_ms=1_500,
    source="handover.scan",
    self_declared=True,
)
WAYBILL = facts.Marked(
    event="waybill.created",
    occurred="2026-11-22T10:17:00.000Z",
    recorded="2026-11-22T10:17:01.000Z",
    source="tms",
)
TYPES = {cls: name for cls, name in NAMES.items() if cls.__module__ == facts.__name__}
EXAMPLES: list[Struct] = [
    facts.PromiseMade(
        promises=(
            facts.Pinned(
                code="ship48h",
                definition="ab" * 32,
                due=DUE,
                lang="en",
                ship_by="2026-11-23T10:00:00.000Z",
                started="2026-11-20T10:00:00.000Z",
                text="cd" * 32,
                version=7,
            ),
            facts.Pinned(code="damage", definition="01" * 32, text="23" * 32, version=1),
        )
    ),
    facts.PromiseStarted(by=SCAN, code="ship48h", due=DUE),
    facts.PromiseNoted(by=SCAN, code="ship48h"),
    facts.PromiseWarned(code="ship48h", due=DUE, left_ms=7_200_000, level=3),
    facts.PromisePaused(by=SCAN, code="ship48h", due=DUE, until="2026-11-22T09:50:00.000Z"),
    facts.PromiseResumed(at="2026-11-22T09:50:00.000Z", by=SCAN, code="ship48h", due=DUE),
    facts.PromiseKept(by=SCAN, code="ship48h", due=DUE, gap_ms=-20 * 60_000, self_declared=True),
    facts.PromiseBroken(by=WAYBILL, code="ship48h", due=DUE),
    facts.PromiseLate(by=WAYBILL, code="ship48h", due=DUE, gap_ms=17 * 60_000),
    facts.PromiseBorderline(by=SCAN, code="ship48h", due=DUE, gap_ms=-1_000),
    facts.PromiseCompared(by=WAYBILL, code="ship48h", gap_ms=17 * 60_000, verdict="broken"),
    facts.PromiseCorrected(
        by=SCAN, code="ship48h", due=DUE, reason="late_evidence", verdict="kept", was="broken"
    ),
    facts.PromiseAmended(
        before=DUE, code="nextday", consent=f"{STREAM}/3", due="2026-11-23T12:00:00.000Z"
    ),
    facts.PromiseSuperseded(by=SCAN, code="ship48h", was="running"),
    facts.PromiseRuled(
        code="ship48h", ground="不可抗力:政府封控通知", verdict="excused", was="broken"
    ),
]


def write(data: Struct) -> bytes:
    """Write a full fact around the data: every field of the envelope has a value."""
    said = Said(
        data=data,
        occurred_ms=1_795_340_400_000,
        cause=f"{STREAM}/1",
        clock="device",
        evidence=(Evidence(digest="ef" * 32, kind="handover_scan", salted=True, size=183_224),),
    )
    packed = pack(
        [said],
        stream=STREAM,
        seq=1,
        head=b"\x11" * 32,
        actor=Actor(sub="u_91", role="picker", key="45" * 32, grade="B"),
        now_ms=1_795_345_200_000,
        tenant=3,
    )
    (body,) = unpack(packed.body)
    return body


def golden(data: Struct) -> Path:
    name, version = TYPES[type(data)]
    return GOLDEN / f"{name}.v{version}.json"


def test_every_type_has_its_example() -> None:
    assert {type(data) for data in EXAMPLES} == set(TYPES)


@pytest.mark.parametrize("data", EXAMPLES, ids=lambda data: type(data).__name__)
def test_the_golden_bytes_are_written_and_read(data: Struct) -> None:
    body = golden(data).read_bytes()
    assert write(data) == body
    assert canonical.is_canonical(body)
    fact = read(body)
    assert fact.data == data
    assert msgspec.json.Encoder(order="sorted").encode(fact) == body


@pytest.mark.parametrize("cls", TYPES, ids=lambda cls: cls.__name__)
def test_the_data_is_within_the_canonical_profile(cls: type[Struct]) -> None:
    assert canonical.check_struct_type(cls)
