"""Revocation lists: fetched once, from where the certificate says, and only their issuer's."""

from __future__ import annotations

import datetime
import hashlib
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from cryptography import x509

from danshu.hub import revocation
from danshu.kernel.timestamp import write_request
from danshu.ledger import write
from danshu.testing.tsa import Tsa, open_tsa
from tests.fixtures.ledger import query

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        shutil.which("openssl") is None, reason="the reference authority is `openssl ts`"
    ),
]
DAY_US = 86_400_000_000
Connection = psycopg.AsyncConnection[Any]


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    opened = await write.connect(database)
    yield opened
    await opened.close()


@pytest.fixture
def tsa(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tsa]:
    monkeypatch.setattr(revocation, "_failed_s", {})
    with open_tsa() as served:
        yield served


def signers(tsa: Tsa) -> list[x509.Certificate]:
    status, answer = tsa.answer(write_request("sha256", hashlib.sha256(b"x").digest(), 7))
    assert status == 200
    return revocation.read_token(answer)


def roots(tsa: Tsa) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(tsa.root)


async def test_a_list_is_fetched_until_it_is_over(connection: Connection, tsa: Tsa) -> None:
    now_us = time.time_ns() // 1000
    inside = signers(tsa)
    assert await revocation.fetch_due(connection, inside, roots(tsa), now_us) == 2
    assert await revocation.fetch_due(connection, inside, roots(tsa), now_us + DAY_US) == 0
    assert tsa.listed == 2
    first = await revocation.find(connection, inside, now_us)
    assert len(first) == 2
    # it is over: the next is fetched, and what a bundle shows of the first moment stays
    tsa.revoke(datetime.datetime.now(datetime.UTC))
    assert await revocation.fetch_due(connection, inside, roots(tsa), now_us + 8 * DAY_US) == 2
    assert tsa.listed == 4
    assert await revocation.find(connection, inside, now_us) == first
    assert await revocation.find(connection, inside, now_us + 8 * DAY_US) == []


@pytest.mark.parametrize("fault", ["no_crl", "bad_crl"])
async def test_a_list_that_is_not_there_or_not_true(
    connection: Connection, tsa: Tsa, fault: str
) -> None:
    now_us = time.time_ns() // 1000
    inside = signers(tsa)
    tsa.fault = fault
    assert await revocation.fetch_due(connection, inside, roots(tsa), now_us) == 0
    tsa.fault = ""
    assert await revocation.fetch_due(connection, inside, roots(tsa), now_us) == 0  # left alone
    assert tsa.listed == 2
    assert await query(connection, "select 1 from crls") == []


async def test_a_list_of_another_authority(connection: Connection, tsa: Tsa) -> None:
    with open_tsa() as other:
        strangers = roots(other)  # of the same names
    issuer = [c for c in signers(tsa) if c.subject == tsa.chain.signer.issuer]
    assert await revocation.fetch_due(connection, issuer, strangers, time.time_ns() // 1000) == 0


def test_what_can_not_be_read_names_nobody() -> None:
    assert revocation.read_token(b"x") == revocation.read_receipt(b"x.y.z") == []
