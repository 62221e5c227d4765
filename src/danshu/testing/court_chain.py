"""A reference evidence platform: true HTTP on this machine, signed requests, a chain, and faults.

It speaks what adapters/anchors/court_chain.py speaks and keeps deposits in memory. A deposit that
is on the chain has a receipt that it signs (JWS), by ES256 or by SM2 (sm2_tokens.py). `faults` are
taken one a request, in order: "down" answers 503 and does nothing, "lost" does it and closes with
no answer, "slow chain" gives a number and no transaction yet, "unsigned" gives no signed receipt,
"other digest" lies in the receipt, "garbage" answers no JSON.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import hmac
import json
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, Protocol

from danshu.testing import far_side
from danshu.testing.attesting import PaperPlatform
from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY: Final = "danshu-test"
SECRET: Final = "the platform's secret"


class Receipts(Protocol):
    """Who signs receipts."""

    @property
    def root(self) -> str:
        """What vouches for it (PEM)."""
        ...

    def receipt(self, told: Mapping[str, Any]) -> bytes:
        """Sign a receipt as JWS."""
        ...


class Platform:
    """What the platform knows, and how it fails."""

    def __init__(self, receipts: Receipts | None = None) -> None:
        self.url = ""
        self._receipts = receipts or PaperPlatform(time.time_ns() // 1_000_000)
        self.root: Final = self._receipts.root
        self.deposits: dict[str, dict[str, Any]] = {}
        self.nonces: set[str] = set()
        self.faults: list[str] = []
        self.calls: list[str] = []

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes] | None:
        """Answer a request: status and body; None closes the connection without an answer."""
        self.calls.append(f"{method} {path}")
        if refused := self._refuse(method, path, headers, body):
            return 401, _told(refused, {})
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "down":
            return 503, b"upstream"
        if fault == "garbage":
            return 200, b"<html>"
        if method == "POST" and path == "/v1/deposits":
            done = self._deposit(json.loads(body), fault)
            return None if fault == "lost" else done
        if method == "POST" and path == "/v1/verifications":
            return self._verify(json.loads(body))
        number = path.removeprefix("/v1/deposits/").removesuffix("/certificate")
        for made in self.deposits.values():
            if method == "GET" and made["evidence_no"] == number:
                return 200, b"certificate of " + json.dumps(made, sort_keys=True).encode()
        return 404, _told("NOT_FOUND", {})

    def mine(self) -> None:
        """Make a block: every deposit gets its transaction."""
        for biz_no, made in self.deposits.items():
            made["tx"] = made["tx"] or hashlib.sha256(biz_no.encode()).hexdigest()

    def _refuse(self, method: str, path: str, headers: dict[str, str], body: bytes) -> str:
        timestamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
        parts = (method, path, timestamp, nonce, hashlib.sha256(body).hexdigest())
        good = hmac.new(SECRET.encode(), "\n".join(parts).encode(), hashlib.sha256).digest()
        if headers.get("x-app-key") != KEY:
            return "UNKNOWN_KEY"
        if not hmac.compare_digest(b64encode(good).decode(), headers.get("x-signature", "")):
            return "BAD_SIGNATURE"
        if nonce in self.nonces:
            return "REPLAYED"
        self.nonces.add(nonce)
        return ""

    def _deposit(self, asked: dict[str, Any], fault: str) -> tuple[int, bytes]:
        made = self.deposits.get(asked["biz_no"])
        if made is not None and made["digest"] != asked["digest"]:
            return 409, _told("CONFLICT", {})
        if made is None:
            made = {
                "alg": asked["alg"],
                "digest": asked["digest"],
                "evidence_no": f"EV{len(self.deposits) + 1:08d}",
                "meta": asked["meta"],
                "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "tx": "",
            }
            self.deposits[asked["biz_no"]] = made
        if fault != "slow chain":
            self.mine()
        told = {name: made[name] for name in ("digest", "evidence_no", "time", "tx")}
        if made["tx"] and fault != "unsigned":
            told["receipt"] = self._receipts.receipt({**told, "alg": made["alg"]}).decode()
        if fault == "other digest":
            told["digest"] = "00" * 32
        return 200, _told("OK", told)

    def _verify(self, asked: dict[str, Any]) -> tuple[int, bytes]:
        held = [made["digest"] for made in self.deposits.values() if made["tx"] == asked["tx"]]
        return 200, _told("OK", {"matched": bool(asked["tx"]) and asked["digest"] in held})


def _told(code: str, data: dict[str, Any]) -> bytes:
    return json.dumps({"code": code, "data": data, "message": code.lower()}).encode()


@contextlib.contextmanager
def serve(receipts: Receipts | None = None) -> Iterator[Platform]:
    """Serve a platform on a free port of this machine; `receipts` signs for it."""
    platform = Platform(receipts)

    def respond(asked: Asked) -> Answer | None:
        told = platform.answer(asked.method, asked.target, asked.headers, asked.body)
        return None if told is None else Answer(status=told[0], body=told[1])

    with far_side.serve(respond) as platform.url:
        yield platform
