"""The edge agent: killed between send and answer, cut off, its buffer full: nothing is lost, and
nothing is doubled.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from danshu.faces.cli import edge
from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from pathlib import Path


class Hub:
    """Takes originals by their key, as the hub does; answers some of them never."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {}
        self.asked = 0
        self.kills: subprocess.Popen[bytes] | None = None
        self.killed = threading.Event()
        self.away = 0

    def respond(self, asked: Asked) -> Answer | None:
        self.asked += 1
        if self.away:
            self.away -= 1
            return tell({"code": "busy"}, 503)
        key = asked.headers["idempotency-key"]
        known = self.taken.get(key)
        if known is not None and known != asked.body:
            return tell({"code": "key_reused"}, 409)
        self.taken[key] = asked.body
        if self.asked == 3 and self.kills is not None:  # taken, and nobody hears of it
            os.kill(self.kills.pid, signal.SIGKILL)
            self.kills.wait()
            self.killed.set()
            return None
        return tell({"row": {}}, 200 if known is not None else 201)


def frame(nth: int) -> bytes:
    head = {"danshu": "wave/1", "rate_hz": 8000, "unit": "g", "sample": "i2", "count": 64}
    return json.dumps({**head, "nth": nth}).encode() + b"\n" + bytes([nth]) * 128


def begin(url: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "danshu.faces.cli.edge", "--url", url, "--device", "SP-01"]
    argv += ["--folder", str(folder / "in"), "--buffer", str(folder / "buffer" / "b"), *more]
    environment = {**os.environ, "DANSHU_KEY": "k"}
    return subprocess.Popen(
        argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def test_a_killed_agent_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    hub, incoming = Hub(), tmp_path / "in"
    incoming.mkdir()
    for nth in range(6):
        (incoming / f"{nth}.wave").write_bytes(frame(nth))
    with far_side.serve(hub.respond) as url:
        hub.kills = begin(url, tmp_path, "--once")
        assert hub.killed.wait(30)
        assert hub.kills.stdout is not None
        hub.kills.stdout.close()
        assert len(hub.taken) == 3
        # What the killed agent had taken up and not yet thrown away comes once more.
        (incoming / "0.wave").write_bytes(frame(0))
        ended = begin(url, tmp_path, "--once")
        told, _ = ended.communicate(timeout=30)
    assert ended.returncode == 0
    assert json.loads(told)["waiting"] == 0
    heads = [json.loads(body.partition(b"\n")[0]) for body in hub.taken.values()]
    assert sorted(head["nth"] for head in heads) == list(range(6))
    assert {head["device"] for head in heads} == {"SP-01"}
    assert all("source" in head["clock"] for head in heads)
    assert not list(incoming.iterdir())


def test_a_hub_that_is_full_is_asked_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, incoming = Hub(), tmp_path / "in"
    hub.away = 1
    incoming.mkdir()
    (incoming / "0.wave").write_bytes(frame(0))
    monkeypatch.setenv("DANSHU_KEY", "k")
    with far_side.serve(hub.respond) as url:
        told = ["--url", url, "--device", "SP-01", "--folder", str(incoming), "--once"]
        agent = edge.Agent(edge.parse([*told, "--buffer", str(tmp_path / "b")]))
        assert agent.step() == 1  # taken up; the hub said no
        assert agent.step() == 0  # not yet
        assert agent.buffer.counts() == {"sent": 0, "refused": 0, "dropped": 0, "waiting": 1}
        agent._again_s = 0.0
        assert agent.step() == 1
        assert agent.run() == 0
    assert len(hub.taken) == 1


def test_a_full_buffer_waits_or_drops_the_oldest_and_counts_it(tmp_path: Path) -> None:
    waits = edge.Buffer(tmp_path / "waits", 300)
    assert waits.put("a", "d", "t", bytes(128))
    assert waits.put("b", "d", "t", bytes(128))
    assert not waits.put("a", "d", "t", bytes(128))
    with pytest.raises(edge.Full):
        waits.put("c", "d", "t", bytes(128))
    assert waits.counts()["waiting"] == 2
    waits.close()
    drops = edge.Buffer(tmp_path / "waits", 300, drops=True)
    assert drops.put("c", "d", "t", bytes(128))
    row = drops.next()
    assert row is not None
    assert row[1] == "b"
    assert drops.counts() == {"sent": 0, "refused": 0, "dropped": 1, "waiting": 2}
    drops.close()
