"""The log for third parties: an independent reader rebuilds the root; who may read what."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.kernel import note
from danshu.ledger import signers
from danshu.ledger.write import connect
from tests.fixtures.hub import House, open_house
from tests.fixtures.ledger import Pen

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]
LEAVES = 700


@pytest.fixture(scope="module")
def house(engine: Any, template: str) -> Iterator[House]:
    """A merchant whose book has over two full tiles, open to everybody."""
    from tests.fixtures import engine as stores

    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        asyncio.run(note_many(opened.url, opened.tenant))
        opened.work("sequence", "seal")
        assert opened.call("PATCH", "/v1/books/settings", {"public": True}).status_code == 200
        yield opened


async def note_many(url: str, tenant: int) -> None:
    async with await connect(url) as connection:
        await Pen(connection, tenant).note(LEAVES, 1)


class Reader:
    """A client that knows C2SP tlog-tiles and nothing of this package."""

    def __init__(self, house: House) -> None:
        books = house.call("GET", "/v1/books").json()["books"]
        self.house = house
        self.prefix = f"/log/small/{books[0]['half']}"
        raw = self.get("checkpoint").content
        origin, size, root = raw.decode().split("\n")[:3]
        self.origin, self.size, self.root = origin, int(size), base64.b64decode(root)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.house.client.get(f"{self.prefix}/{path}", **more)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer

    def hashes(self, level: int, count: int) -> list[bytes]:
        found = []
        for n in range(-(-count // 256)):
            width = min(256, count - n * 256)
            partial = "" if width == 256 else f".p/{width}"
            data = self.get(f"tile/{level}/{n:03}{partial}").content
            assert len(data) == 32 * width
            found += [data[i : i + 32] for i in range(0, len(data), 32)]
        return found


def mth(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it is written there."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def test_a_stranger_rebuilds_the_root_from_tiles(house: House) -> None:
    reader = Reader(house)
    assert reader.origin.startswith("danshu/small/20")
    assert reader.size > LEAVES
    leaves = reader.hashes(0, reader.size)
    assert mth(leaves) == reader.root
    above = reader.hashes(1, reader.size // 256)
    assert above == [mth(leaves[i * 256 : (i + 1) * 256]) for i in range(len(above))]


def test_the_entries_are_those_of_the_tiles_for_whoever_has_the_right(house: House) -> None:
    reader = Reader(house)
    leaves = reader.hashes(0, reader.size)
    headers = {"authorization": f"Bearer {house.keys['admin']}", "accept-encoding": "gzip"}
    found = []
    for n in range(-(-reader.size // 256)):
        width = min(256, reader.size - n * 256)
        partial = "" if width == 256 else f".p/{width}"
        answer = reader.get(f"tile/entries/{n:03}{partial}", headers=headers)
        assert answer.headers["cache-control"].startswith("private, ")
        assert answer.headers["content-encoding"] == "gzip"
        raw, at = answer.content, 0
        while at < len(raw):
            size = int.from_bytes(raw[at : at + 2], "big")
            found.append(raw[at + 2 : at + 2 + size])
            at += 2 + size
    assert [hashlib.sha256(b"\0" + entry).digest() for entry in found] == leaves
    plain = reader.get("tile/entries/000", headers={**headers, "accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.compress(plain.content, 6, mtime=0)[:2] == b"\x1f\x8b"
    for role, status in (("operator", 403), ("viewer", 403)):
        refused = house.call("GET", f"{reader.prefix}/tile/entries/000", role=role)
        assert refused.status_code == status
    assert house.client.get(f"{reader.prefix}/tile/entries/000").status_code == 401
    other = {"authorization": f"Bearer {house.other}"}
    answer = house.client.get(f"{reader.prefix}/tile/entries/000", headers=other)
    assert answer.status_code == 403


def test_types_and_caching_are_as_the_specification_asks(house: House) -> None:
    reader = Reader(house)
    checkpoint = reader.get("checkpoint")
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "public, max-age=1"
    tile = reader.get("tile/0/000")
    assert tile.headers["content-type"] == "application/octet-stream"
    assert "immutable" in tile.headers["cache-control"]
    assert tile.headers["access-control-allow-origin"] == "*"
    # a partial tile stays what it was when the full one is there
    assert reader.get("tile/0/000.p/7").content == tile.content[: 7 * 32]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/999",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/0",
        "tile/64/000",
        "tile/00/000",
        "tile/1/000",
        "tile/0/%2e%2e%2f%2e%2e%2fcheckpoint",
        "tile/entries/x",
        "tile",
        "proof/999999",
        "consistency/0",
        "consistency/999999",
        "consistency/1?size=2",
        "other",
    ],
)
def test_what_is_not_there_is_404(house: House, path: str) -> None:
    answer = house.client.get(f"{Reader(house).prefix}/{path}")
    assert answer.status_code == 404, answer.text


def test_proofs_verify_by_the_keys_that_are_handed_out(house: House) -> None:
    reader = Reader(house)
    told = house.call("GET", "/v1/trust").json()
    keys = [note.parse_key(vkey) for vkey in told["vkeys"]]
    assert [key["state"] for key in told["keys"]] == ["present"]
    raw = reader.get("proof/300").content
    proof = note.parse_proof(raw)
    assert isinstance(note.verify(note.parse(proof.checkpoint), keys, signers.check), tuple)
    path, index, size = list(proof.hashes), 300, reader.size
    # RFC 6962 §2.1.1, from the root down
    node = reader.hashes(0, reader.size)[300]
    spans, first, end = [], 0, size
    while end - first > 1:
        k = 1
        while k * 2 < end - first:
            k *= 2
        spans.append(index < first + k)
        first, end = (first, first + k) if spans[-1] else (first + k, end)
    for left, sibling in zip(reversed(spans), path, strict=True):
        pair = node + sibling if left else sibling + node
        node = hashlib.sha256(b"\1" + pair).digest()
    assert node == reader.root
    growth = note.parse_growth(reader.get("consistency/300").content)
    assert growth.old_size == 300
    leaves = reader.hashes(0, size)
    from danshu.kernel import merkle

    assert merkle.verify_consistency(300, size, mth(leaves[:300]), reader.root, list(growth.hashes))


def test_a_log_that_is_not_public_is_not_there(house: House) -> None:
    reader = Reader(house)
    paths = ("checkpoint", "tile/0/000", "tile/entries/000", "proof/3", "consistency/3")
    try:
        house.call("PATCH", "/v1/books/settings", {"public": False})
        for path in paths:
            for headers in (
                {},
                {"authorization": f"Bearer {house.other}"},
                {"authorization": f"Bearer {house.keys['viewer']}"},
                {"authorization": "Bearer nonsense"},
            ):
                answer = house.client.get(f"{reader.prefix}/{path}", headers=headers)
                assert answer.status_code == 404, f"{path} {headers}"
            own = house.call("GET", f"{reader.prefix}/{path}")
            assert own.status_code == 200
            assert own.headers["cache-control"].startswith("private")
    finally:
        house.call("PATCH", "/v1/books/settings", {"public": True})
    for unknown in ("/log/nobody/2026h2/checkpoint", "/log/small/1999h1/checkpoint"):
        assert house.client.get(unknown).status_code == 404


def test_who_may_read_and_set_the_books(house: House) -> None:
    for role in ("operator", "warehouse", "channel", "viewer"):
        assert house.call("GET", "/v1/books", role=role).status_code == 403
        refused = house.call("PATCH", "/v1/books/settings", {"public": True}, role=role)
        assert refused.status_code == 403
    with psycopg.connect(house.url) as connection:
        rows = connection.execute("select tenant, public from log_settings").fetchall()
    assert rows == [(house.tenant, True)]
