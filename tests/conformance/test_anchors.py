"""Port `anchor`: receipts as the platform signs them, by the keys that platforms have."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import ANCHOR_RECEIPT_BYTES
from danshu.ports import registry
from danshu.ports.anchor import Account, Anchor, Receipt
from danshu.testing.court_chain import KEY, SECRET, Platform, Receipts
from danshu.testing.sm2_tokens import Sm2Tsa

pytestmark = pytest.mark.anyio
DIGEST = bytes(range(32))


async def deposit(platform: Platform, *faults: str) -> Receipt:
    """Deposit with a platform that sits at the other end of `send`."""

    async def send(
        method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        answer = platform.answer(method, urlsplit(url).path, dict(headers), body)
        assert answer
        return answer

    platform.faults = list(faults)
    adapter = cast("Anchor", registry.load("anchor", "court-chain"))
    account = Account(url="https://chain.example", key=KEY, secret=SECRET)
    deposits = adapter.open(account, send, time.time_ns() // 1_000_000)
    return await deposits.deposit(DIGEST, "sha256", {"biz_no": DIGEST.hex()})


def payload(receipt: Receipt) -> dict[str, str]:
    middle = receipt.signed.split(b".")[1]
    told: dict[str, str] = json.loads(base64.urlsafe_b64decode(middle + b"=" * (-len(middle) % 4)))
    return told


async def test_a_receipt_is_signed_once_it_is_on_the_chain() -> None:
    platform = Platform()
    waiting = await deposit(platform, "slow chain")
    assert (waiting.tx, waiting.signed) == ("", b"")
    platform.mine()
    assert (await deposit(platform, "unsigned")).signed == b""
    receipt = await deposit(platform)
    assert payload(receipt) == {
        "alg": "sha256", "digest": DIGEST.hex(), "evidence_no": receipt.evidence_no,
        "time": receipt.time, "tx": receipt.tx,
    }  # fmt: skip


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the SM2 keys are openssl's")
async def test_sm2(tmp_path: Path) -> None:
    receipts = Sm2Tsa(tmp_path, purpose="plain")
    receipt = await deposit(Platform(cast("Receipts", receipts)))
    head = receipt.signed.split(b".")[0]
    assert json.loads(base64.urlsafe_b64decode(head + b"=="))["alg"] == "SM2"


class Odd:
    """Who signs something else."""

    root = ""

    def __init__(self, made: bytes) -> None:
        self._made = made

    def receipt(self, told: object) -> bytes:
        return self._made


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (b"no jws", NotAvailable),
        (b"a.bm90IGpzb24.c", NotAvailable),
        (b"a.e30.c", NotAvailable),
        (b"a." + b"e" * ANCHOR_RECEIPT_BYTES + b".c", NotAvailable),
        (b"a." + base64.urlsafe_b64encode(b'{"digest":"00"}') + b".c", InputError),
    ],
)
async def test_what_is_no_receipt_is_not_kept(made: bytes, refused: type[Exception]) -> None:
    with pytest.raises(refused):
        await deposit(Platform(Odd(made)))
