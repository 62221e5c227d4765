"""Tracing at full size: 100,000 rows of a leak, 1,000 recipients, as the child process does it."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from danshu.capabilities.watermark import cells, codes, embed
from danshu.capabilities.watermark.model import Carrier, Copy, Part, Plan
from danshu.hub.watermark_child import TraceDone, TraceErrand

if TYPE_CHECKING:
    from pathlib import Path

ROWS: Final = 100_000
RECIPIENTS: Final = 1_000
GUILTY: Final = 417
_SEED: Final = 2026
_PLAN: Final = Plan(
    keys=(
        (Part(name="number", shapes=("AA9999999999",)),),
        (Part(name="sku", shapes=("AAA-9999",)), Part(name="placed", kind="instant")),
    ),
    carriers=(Carrier(name="placed"), Carrier(name="took_min", kind="whole")),
)


def measure(folder: Path, rows: int = ROWS, recipients: int = RECIPIENTS) -> dict[str, Any]:
    """Trace a shuffled copy with renamed columns (CSV): `trace_s` of the whole process, z of the
    guilty and of the next, the bound; `marked_s` is what marking took.
    """
    rng = np.random.default_rng(_SEED)
    secret = rng.bytes(codes.SECRET_BYTES)
    numbers = [f"DS{n:010d}" for n in rng.choice(10**10, rows, replace=False).tolist()]
    sku = [f"SKU-{n:04d}" for n in rng.integers(0, 900, rows).tolist()]
    placed = 1_790_000_000 + rng.integers(0, 30 * 86_400, rows)
    took = rng.integers(30, 5_000, rows)
    began_s = time.perf_counter()
    keys = [
        cells.read_keys(["text"], [numbers]),
        cells.read_keys(["text", "instant"], [sku, placed.tolist()]),
    ]
    marked = embed.mark(secret, codes.code(secret, GUILTY), keys, [placed, took])
    marked_s = time.perf_counter() - began_s
    path = folder / "leak.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["c", "a", "b", "d"])
        for at in rng.permutation(rows).tolist():
            writer.writerow([int(marked[1][at]), numbers[at], int(marked[0][at]), sku[at]])
    errand = TraceErrand(
        path=str(path),
        secret=secret,
        plans=(_PLAN,),
        copies=tuple([Copy(no) for no in range(recipients)]),
    )
    began_s = time.perf_counter()
    done = _trace(errand)
    trace_s = time.perf_counter() - began_s
    verdict = done.verdict
    assert verdict is not None
    return {
        "trace_s": round(trace_s, 2),
        "marked_s": round(marked_s, 2),
        "rows": rows,
        "recipients": recipients,
        "named": [s.code_no for s in verdict.guilty],
        "z": verdict.guilty[0].z if verdict.guilty else 0.0,
        "next_z": verdict.others[0].z,
        "bound": verdict.guilty[0].bound if verdict.guilty else 1.0,
    }


def _trace(errand: TraceErrand) -> TraceDone:
    told = subprocess.run(
        [sys.executable, "-m", "danshu.hub.watermark_child"],
        input=msgspec.json.encode(errand),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(told.stdout, type=TraceDone)
