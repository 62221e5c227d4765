"""Injected faults: each class among many right orders is found, all of it and nothing else."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from danshu.capabilities.sentinel.model import BY_CODE, FIELD_CLASSES
from danshu.hub import sentinel_pull, sentinel_scans
from danshu.testing import fault_run, faults

if TYPE_CHECKING:
    import pytest

    from tests.fixtures.hub import House

ORDERS, FAULTS = 2_000, 182


def test_every_fault_is_found_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is looked at some at a time, as there would be many of, is looked at to its end."""
    monkeypatch.setattr(sentinel_pull, "PULL_DOUBTS", 2)
    monkeypatch.setattr(sentinel_scans, "_AT_ONCE", 2)
    run = fault_run.Run(house.url, house.tenant, ORDERS, FAULTS)
    scores = asyncio.run(run.play())
    for kind, score in scores.items():
        sys.stdout.write(
            f"{kind}: recall {score.recall:.4f} precision {score.precision:.4f} of {score.faults}\n"
        )
    assert set(scores) == set(BY_CODE) - FIELD_CLASSES
    assert {k: s for k, s in scores.items() if s.findings != s.faults} == {}
    assert all(score.right == score.faults > 0 for score in scores.values())
    assert sum(score.faults for score in scores.values()) == FAULTS
    board = house.call("GET", "/v1/findings/board").json()
    counted = {kind: 0 for kind in faults.KINDS}
    for row in board["counts"]:
        counted[row["kind"]] += row["n"]
    assert counted == {kind: score.faults for kind, score in scores.items()}
    assert sum(row["open"] for row in board["incidents"]) == FAULTS
