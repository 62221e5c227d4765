"""`danshu edge`: takes waveforms up beside a machine and hands them to the hub, each once.

It stands on the standard library alone, so that it runs in a few MB: `python -m` this module loads
nothing else of the hub. What it takes up is durable in its buffer (SQLite, synchronous = FULL)
before the file goes; what it sends has a key made of its own bytes, so that a repeat after a kill
doubles nothing. Away from the network it goes on taking up; a full buffer takes up no more, or
drops the oldest where that was declared, and counts what it dropped.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import hashlib
import http.client
import io
import json
import os
import random
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from danshu.kernel.limits import EDGE_BUFFER_BYTES, EDGE_FILE_BYTES

MEDIA_TYPE: Final = "application/vnd.danshu.wave"
RETRY_S: Final = (1.0, 300.0)
KEPT_KEYS: Final = 10_000
_TIMEOUT_S: Final = 30
_SETTLED_S: Final = 1.0  # a file that was not written for so long is whole
_TYPES: Final = {".npz": "application/x-npz", ".csv": "text/csv", ".wave": MEDIA_TYPE}
_STA_UNSYNC: Final = 0x40
_SCHEMA: Final = """
create table if not exists waves(no integer primary key autoincrement, key text not null unique,
  state text not null, media_type text not null, device text not null, body blob,
  bytes integer not null, why text not null default '');
create table if not exists counts(name text primary key, n integer not null);
"""


class Full(Exception):
    """The buffer takes no more."""


class Buffer:
    """Waves that wait, in the order in which they were taken up; keys of those that went."""

    def __init__(
        self, path: Path, most_bytes: int = EDGE_BUFFER_BYTES, *, drops: bool = False
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._most, self._drops = most_bytes, drops
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=full")
        self._db.executescript(_SCHEMA)

    def put(self, key: str, device: str, media_type: str, body: bytes) -> bool:
        """Keep a wave durably; False where its key is known. Raises Full."""
        self._db.execute("begin immediate")
        try:
            known = self._db.execute("select 1 from waves where key=?", (key,)).fetchone()
            if known is None:
                self._make_room(len(body))
                self._db.execute(
                    "insert into waves(key,state,media_type,device,body,bytes) values(?,?,?,?,?,?)",
                    (key, "waits", media_type, device, body, len(body)),
                )
            self._db.execute("commit")
        except BaseException:
            self._db.execute("rollback")
            raise
        return known is None

    def _make_room(self, size: int) -> None:
        while self._held() + size > self._most:
            oldest = self._db.execute(
                "select no from waves where state='waits' order by no limit 1"
            ).fetchone()
            if not self._drops or oldest is None:
                raise Full
            self._db.execute("delete from waves where no=?", oldest)
            self._count("dropped")

    def _held(self) -> int:
        query = "select coalesce(sum(bytes),0) from waves where body is not null"
        return int(self._db.execute(query).fetchone()[0])

    def next(self) -> tuple[int, str, str, str, bytes] | None:
        """Give the oldest wave that waits: number, key, device, media type, body."""
        row: tuple[int, str, str, str, bytes] | None = self._db.execute(
            "select no,key,device,media_type,body from waves where state='waits'"
            " order by no limit 1"
        ).fetchone()
        return row

    def settle(self, no: int, why: str = "") -> None:
        """Keep of a wave that went its key alone; of a refused one the body too, for a person."""
        self._db.execute("begin immediate")
        if why:
            self._db.execute("update waves set state='refused', why=? where no=?", (why, no))
        else:
            self._db.execute("update waves set state='sent', body=null where no=?", (no,))
            self._db.execute("delete from waves where state='sent' and no <= ?", (no - KEPT_KEYS,))
        self._count("refused" if why else "sent")
        self._db.execute("commit")

    def counts(self) -> dict[str, int]:
        """Tell how many were sent, refused, dropped, and how many wait."""
        told = dict.fromkeys(("sent", "refused", "dropped"), 0)
        told |= dict(self._db.execute("select name, n from counts").fetchall())
        query = "select count(*) from waves where state='waits'"
        return told | {"waiting": int(self._db.execute(query).fetchone()[0])}

    def _count(self, name: str) -> None:
        self._db.execute(
            "insert into counts values(?,1) on conflict (name) do update set n=n+1", (name,)
        )

    def close(self) -> None:
        """Close it."""
        self._db.close()


def read_clock() -> dict[str, Any]:
    """Say how good this machine's clock is: `synchronised`, `error_ms` as the kernel bounds it
    (adjtimex(2)); `source` is "unknown" where the kernel does not say.
    """

    class Timex(ctypes.Structure):
        _fields_ = (
            ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
            ("rest", ctypes.c_char * 256),
        )  # fmt: skip

    try:
        told = Timex()
        ctypes.CDLL(None).adjtimex(ctypes.byref(told))
    except (OSError, AttributeError):
        return {"source": "unknown"}
    return {
        "source": "kernel",
        "synchronised": not told.status & _STA_UNSYNC,
        "error_ms": told.maxerror // 1000,
    }


def make_frame(body: bytes, name: str, device: str, scale: float) -> tuple[str, bytes]:
    """Give media type and bytes to be sent: a frame or a 16-bit WAV is stamped with device, time
    and clock, anything else goes as it is.
    """
    stamp = {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "clock": read_clock(),
    }
    if body[:1] == b"{":
        line, _, samples = body.partition(b"\n")
        head = {**stamp, "device": device, **json.loads(line)}
        return MEDIA_TYPE, json.dumps(head, separators=(",", ":")).encode() + b"\n" + samples
    if body[:4] == b"RIFF":
        with wave.open(io.BytesIO(body)) as told:
            if told.getsampwidth() == 2 and told.getnchannels() == 1:
                samples = told.readframes(told.getnframes())
                head = {
                    "danshu": "wave/1", "rate_hz": told.getframerate(), "unit": "g",
                    "sample": "i2", "scale": scale or 1 / 32_768, "count": len(samples) // 2,
                    "device": device, **stamp,
                }  # fmt: skip
                return MEDIA_TYPE, json.dumps(head).encode() + b"\n" + samples
    return _TYPES.get(Path(name).suffix.lower(), MEDIA_TYPE), body


class Agent:
    """Takes up and hands over, until it is told to end."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.buffer = Buffer(
            Path(args.buffer), args.buffer_bytes, drops=args.when_full == "drop-oldest"
        )
        self.stops = False
        self.told: dict[str, int] = {}
        self._wait_s = RETRY_S[0]
        self._again_s = 0.0
        self._next_s = 0.0
        self._connection: http.client.HTTPConnection | None = None

    def step(self) -> int:
        """Take up what there is, hand over one wave; gives how much was done."""
        try:
            done = self._take_folder() + self._take_command()
        except Full:
            done = 0
        if time.monotonic() < self._again_s:
            return done
        row = self.buffer.next()
        return done + (self._send(*row) if row is not None else 0)

    def _take_folder(self) -> int:
        done = 0
        folder = Path(self.args.folder) if self.args.folder else None
        for path in sorted(folder.iterdir()) if folder else ():
            if path.name.startswith(".") or path.suffix == ".part" or not path.is_file():
                continue
            told = path.stat()
            if time.time() - told.st_mtime < _SETTLED_S and not self.args.once:
                continue
            if told.st_size > EDGE_FILE_BYTES:
                path.rename(path.with_name(f".{path.name}.too-large"))
                continue
            self._put(path.read_bytes(), path.name)
            path.unlink()
            done += 1
        return done

    def _take_command(self) -> int:
        if not self.args.command or time.monotonic() < self._next_s:
            return 0
        self._next_s = time.monotonic() + self.args.every
        ran = subprocess.run(
            shlex.split(self.args.command), capture_output=True, timeout=600, check=False
        )
        if ran.returncode or not ran.stdout or len(ran.stdout) > EDGE_FILE_BYTES:
            print(f"danshu edge: the command gave nothing: {ran.returncode}", file=sys.stderr)
            return 0
        self._put(ran.stdout, f"{time.time_ns()}")
        return 1

    def _put(self, body: bytes, name: str) -> None:
        device = self.args.device
        key = hashlib.sha256(f"{device}\0{name}\0".encode() + body).hexdigest()[:40]
        try:
            media_type, frame = make_frame(body, name, device, self.args.scale)
        except (ValueError, wave.Error, EOFError):  # the hub says what is wrong with it
            media_type, frame = MEDIA_TYPE, body
        self.buffer.put(key, device, media_type, frame)

    def _send(self, no: int, key: str, device: str, media_type: str, body: bytes) -> int:
        source = json.dumps({"device": device, "via": "edge"})
        headers = {
            "authorization": f"Bearer {self.args.key}",
            "content-type": media_type,
            "idempotency-key": key,
            "danshu-source": source,
        }
        try:
            status, told, retry = self._post(body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._later(f"{type(error).__name__}", 0.0)
            return 0
        if status in (200, 201) or (status == 409 and told == "key_reused"):
            self.buffer.settle(no)
            self._wait_s = RETRY_S[0]
            return 1
        if status in (400, 409, 413, 415, 422):
            self.buffer.settle(no, f"{status} {told}")
            return 1
        self._later(f"{status} {told}", retry)  # a key that was revoked, a hub that is full
        return 0

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str, float]:
        if self._connection is None:
            told = urlsplit(self.args.url)
            kind = (
                http.client.HTTPSConnection if told.scheme == "https"
                else http.client.HTTPConnection
            )  # fmt: skip
            self._connection = kind(told.hostname or "", told.port, timeout=_TIMEOUT_S)
        try:
            self._connection.request("POST", "/v1/originals?modality=waveform", body, headers)
            answer = self._connection.getresponse()
            said = answer.read(65_536)
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise
        if answer.will_close:
            self._connection.close()
            self._connection = None
        retry = answer.getheader("retry-after") or ""
        return answer.status, _code(said), float(retry) if retry.isdigit() else 0.0

    def _later(self, why: str, at_least_s: float) -> None:
        wait_s = max(at_least_s, self._wait_s * random.uniform(0.5, 1.0))
        self._again_s = time.monotonic() + wait_s
        self._wait_s = min(self._wait_s * 2, RETRY_S[1])
        print(f"danshu edge: {why}; again in {wait_s:.0f} s", file=sys.stderr, flush=True)

    def run(self) -> int:
        """Go on until told to end; with --once until nothing waits (1: something was refused)."""
        while not self.stops:
            done = self.step()
            told = self.buffer.counts()
            if self.args.once and not done and not told["waiting"]:
                break
            if not done:
                time.sleep(0.2)
        told = self.buffer.counts()
        self.buffer.close()
        self.told = told
        return 1 if self.args.once and told["refused"] else 0


def _code(said: bytes) -> str:
    try:
        told = json.loads(said)
    except ValueError:
        return ""
    return str(told.get("code", "")) if isinstance(told, dict) else ""


def parse(argv: list[str], key: str = "") -> argparse.Namespace:
    """Read the command's arguments; the API key comes from the environment, so that it stands in no
    list of processes.
    """
    parser = argparse.ArgumentParser(prog="danshu edge", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8420", help="Origin of the hub.")
    parser.add_argument("--device", required=True, help="Code of the device in the archive.")
    parser.add_argument("--folder", default="", help="Folder that waveforms are written to.")
    parser.add_argument("--command", default="", help="Command whose output is a waveform.")
    parser.add_argument("--every", type=float, default=60.0, help="Seconds between commands.")
    parser.add_argument("--scale", type=float, default=0.0, help="g of one step of a 16-bit WAV.")
    parser.add_argument("--buffer", default="edge.sqlite", help="File of the buffer.")
    parser.add_argument("--buffer-bytes", type=int, default=EDGE_BUFFER_BYTES)
    parser.add_argument("--when-full", choices=("wait", "drop-oldest"), default="wait")
    parser.add_argument("--once", action="store_true", help="End when nothing waits.")
    args = parser.parse_args(argv)
    args.key = key or os.environ.get("DANSHU_KEY", "")
    if not args.key:
        parser.error("DANSHU_KEY holds no API key")
    if not args.folder and not args.command:
        parser.error("say --folder or --command")
    return args


def main(argv: list[str]) -> int:
    """Run the agent until SIGTERM or SIGINT."""
    agent = Agent(parse(argv))

    def stop(*_: object) -> None:
        agent.stops = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    code = agent.run()
    print(json.dumps(agent.told))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
