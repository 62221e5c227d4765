"""The rooms beside the log: witnesses that cosign or find a fork, heads, deposits."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.faces.witness import Logs, Server, Witness
from danshu.hub import anchoring, heads, log_keys
from danshu.kernel import heads as maps
from danshu.kernel import merkle, note
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor
from danshu.ledger import anchors, cosigned, prove, signers
from danshu.testing import court_chain
from tests.fixtures.hub import House
from tests.fixtures.serving import serve

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]
BY = Actor(sub="tests")
HOUR_MS = 3_600_000


@contextlib.contextmanager
def witnessed(house: House, folder: Path, name: str) -> Iterator[tuple[Witness, str]]:
    """A witness that serves, and that the merchant asks."""
    lines = ask(house, lambda c: log_keys.witness_lines(c, "small"))
    logs = folder / f"{name}.txt"
    logs.write_text("\n".join(lines) + "\n")
    witness = Witness(folder / name, f"{name}.example/w", Logs(logs), lambda: 1_790_000_000)
    with serve(Server(witness)) as url:
        body = {"vkey": witness.key.encode(), "url": url}
        assert house.call("PUT", "/v1/books/witnesses", body).status_code == 200
        yield witness, url
    witness.close()


def ask(house: House, work: Any) -> Any:
    async def run() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await work(c)

    return asyncio.run(run())


def rows(house: House, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(house.url, autocommit=True) as connection:
        return connection.execute(sql.encode()).fetchall()


def said(house: House, type_: str) -> list[dict[str, Any]]:
    """The data of the merchant's facts of a type."""
    found = []
    query = f"select body from facts where tenant={house.tenant} order by xid, stream, v"
    for (body,) in rows(house, query):
        from danshu.kernel import fact

        for one in fact.unpack(body):
            read = json.loads(one)
            found += [read["data"]] if read["type"] == type_ else []
    return found


def seal(house: House) -> None:
    house.work("sequence", "seal")


def test_two_witnesses_cosign_what_grows(house: House, tmp_path: Path) -> None:
    house.place()
    seal(house)
    with (
        witnessed(house, tmp_path, "one") as (one, _),
        witnessed(house, tmp_path, "two") as (two, _),
    ):
        house.work("witness")
        (book,) = house.call("GET", "/v1/books").json()["books"]
        assert (book["cosignatures"], book["cosigned"]) == (2, book["signed"])
        raw = ask(
            house, lambda c: cosigned.read_cosigned(c, house.tenant, book["half"], book["signed"])
        )
        keys = ask(house, signers.read_keys)
        ours = signers.log_key(book["origin"], keys[0].public_key)
        verdict = note.verify(note.parse(raw), (ours, one.key, two.key))
        assert isinstance(verdict, tuple)
        assert [(v.key.name, v.time_s) for v in verdict] == [
            (book["origin"], None),
            ("one.example/w", 1_790_000_000),
            ("two.example/w", 1_790_000_000),
        ]
        # the next checkpoint is shown with its proof from there; not at once, a minute apart
        house.place()
        seal(house)
        house.work("witness")
        assert rows(house, "select count(distinct size) from cosignatures") == [(1,)]
        asked = house.call("POST", f"/v1/books/{book['half']}/cosignatures")
        assert asked.json() == {"came": 2}
        assert rows(house, "select count(distinct size) from cosignatures") == [(2,)]
        assert house.call("GET", "/v1/books").json()["gaps"] == []
        # a key after a rotation is not known to the witness until its operator writes it down
        ask(house, lambda c: log_keys.rotate(c, None, 0, BY))
        seal(house)
        house.call("POST", f"/v1/books/{book['half']}/cosignatures")
        gaps = house.call("GET", "/v1/books").json()["gaps"]
        assert [(g["code"], "403" in g["subject"]) for g in gaps] == [("witness_trouble", True)] * 2
        lines = ask(house, lambda c: log_keys.witness_lines(c, "small"))
        (tmp_path / "one.txt").write_text("# rotated in November\n" + "\n".join(lines) + "\n")
        assert house.call("POST", f"/v1/books/{book['half']}/cosignatures").json() == {"came": 1}
    dropped = house.call("DELETE", "/v1/books/witnesses?name=two.example/w")
    assert dropped.status_code == 204
    assert house.call("DELETE", "/v1/books/witnesses?name=two.example/w").status_code == 404
    assert [len(data["witnesses"]) for data in said(house, "log.configured")] == [1, 2, 1]


def test_a_database_that_went_back_is_found_by_its_witness(house: House, tmp_path: Path) -> None:
    """The second place of the last notes is lost too: the witness still knows."""
    house.place()
    seal(house)
    with witnessed(house, tmp_path, "one") as (witness, _):
        house.work("witness")
        half, size = rows(house, "select half, signed from books")[0]
        # another history of the same log was cosigned meanwhile, which this database has lost
        signer = ask(house, signers.load_signer)
        origin = f"danshu/small/{half}"
        stored = ask(house, lambda c: cosigned.read_cosigned(c, house.tenant, half, size))
        root = note.parse_checkpoint(note.parse(stored).text).root
        beyond = merkle.leaf_hash(b"lost")
        assert size & (size - 1), "the proof below needs the peaks of the tree"
        leaves = ask(house, lambda c: _leaves(c, house.tenant, half))
        text = note.Checkpoint(
            origin=origin, size=size + 1, root=merkle.root([*leaves, beyond])
        ).text()
        line = note.sign(text, signers.log_key(origin, signer.public_key), signer.sign)
        proof = merkle.consistency_proof(
            size, size + 1, lambda lv, at: merkle.root([*leaves, beyond][at << lv : (at + 1) << lv])
        )
        body = note.encode_growth(
            note.Growth(
                old_size=size,
                hashes=tuple(proof),
                checkpoint=note.encode(note.Note(text=text, signatures=(line,))),
            )
        )
        assert merkle.verify_consistency(
            size, size + 1, root, merkle.root([*leaves, beyond]), proof
        )
        assert witness.add_checkpoint(body).status == 200
        house.place()
        seal(house)
        assert house.call("POST", f"/v1/books/{half}/cosignatures").json() == {"came": 0}
        (gap,) = house.call("GET", "/v1/books").json()["gaps"]
        assert gap["code"] == "forked"
        (fact,) = said(house, "log.forked")
        assert (fact["witness"], fact["origin"]) == ("one.example/w", origin)
        house.call("POST", f"/v1/books/{half}/cosignatures")
        assert len(said(house, "log.forked")) == 1, "it is told once"


async def _leaves(connection: Any, tenant: int, half: str) -> list[bytes]:
    from tests.fixtures.ledger import logged

    return await logged(connection, tenant, half)


def test_a_witness_that_fails_is_named_and_asked_again(house: House, tmp_path: Path) -> None:
    seal(house)
    half = rows(house, "select half from books")[0][0]
    with witnessed(house, tmp_path, "one") as (witness, url):
        right = {"vkey": witness.key.encode(), "url": url}
        other = note.VerifierKey(
            name=witness.key.name, kind=note.COSIGNATURE, public_key=b"\1" * 32
        )
        for wrong in (
            {**right, "url": "http://127.0.0.1:9"},
            {**right, "vkey": other.encode()},
            {**right, "url": f"{url}/vkey"},
        ):
            house.call("PUT", "/v1/books/witnesses", wrong)
            assert house.call("POST", f"/v1/books/{half}/cosignatures").json() == {"came": 0}
            (gap,) = house.call("GET", "/v1/books").json()["gaps"]
            assert gap["code"] == "witness_trouble"
        house.call("PUT", "/v1/books/witnesses", right)
        assert house.call("POST", f"/v1/books/{half}/cosignatures").json() == {"came": 1}
        assert house.call("GET", "/v1/books").json()["gaps"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"vkey": "nonsense", "url": "https://w.example"},
        {"vkey": signers.log_key("w.example", b"k" * 32).encode(), "url": "https://w.example"},
        {"vkey": "KEY", "url": "http://w.example"},
        {"vkey": "KEY", "url": "https://u:p@w.example"},
    ],
)
def test_what_is_no_witness_is_refused(shared_house: House, body: dict[str, str]) -> None:
    key = note.VerifierKey(name="w.example", kind=note.COSIGNATURE, public_key=b"k" * 32)
    body = {**body, "vkey": body["vkey"].replace("KEY", key.encode())}
    assert shared_house.call("PUT", "/v1/books/witnesses", body).status_code == 422


def test_heads_cover_exactly_the_orders_that_changed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "HEADS_ORDERS", 3)
    monkeypatch.setattr(heads, "HEADS_LEAVES", 40)
    placed = [house.place()["order"] for _ in range(5)]
    seal(house)
    at_ms = house.hub.clock()
    assert ask(house, lambda c: heads.commit_due(c, at_ms)) > 1
    assert ask(house, lambda c: heads.commit_due(c, at_ms)) == 0, "once an hour"
    assert _mapped(house) == {**_standing(house, placed)}
    house.call("POST", f"/v1/orders/{placed[2]}/transitions", {"event": "release"})
    house.call("POST", f"/v1/orders/{placed[4]}/transitions", {"event": "release"})
    placed.append(house.place()["order"])
    seal(house)
    before = len(rows(house, "select 1 from heads"))
    assert ask(house, lambda c: heads.commit_due(c, at_ms)) == 0
    assert ask(house, lambda c: heads.commit_due(c, at_ms + HOUR_MS)) >= 1
    changed = [placed[2], placed[4], placed[5]]
    assert _mapped(house, skip=before) == _standing(house, changed)
    # windows join without a gap, and what is no order makes no entry
    spans = rows(house, "select start, stop from heads where half=(select max(half) from books)"
                 " order by start")  # fmt: skip
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    seal(house)
    entries = len(said(house, "heads.committed"))
    assert entries == len(spans)
    assert ask(house, lambda c: heads.commit_due(c, at_ms + 2 * HOUR_MS)) == 0
    for data in said(house, "heads.committed"):
        (kept,) = rows(house, f"select body from blobs where digest='\\x{data['map']}'")
        leaves = maps.split_map(kept[0])
        assert maps.root(leaves).hex() == data["root"]
        assert (len(leaves), data["first"], data["last"]) == (
            data["count"],
            str(maps.parse_leaf(leaves[0]).order),
            str(maps.parse_leaf(leaves[-1]).order),
        )


def _standing(house: House, orders: list[str]) -> dict[str, tuple[int, bytes]]:
    found = rows(house, "select id, seq, head from orders")
    return {str(i): (seq, head) for i, seq, head in found if str(i) in orders}


def _mapped(house: House, skip: int = 0) -> dict[str, tuple[int, bytes]]:
    found: dict[str, tuple[int, bytes]] = {}
    for (raw,) in rows(
        house,
        "select b.body from heads h join blobs b on b.tenant=h.tenant and b.digest=h.map"
        f" order by h.at, h.start offset {skip}",
    ):
        for leaf in maps.split_map(raw):
            head = maps.parse_leaf(leaf)
            found[str(head.order)] = (head.seq, head.head)
    return found


def test_the_last_act_cannot_be_left_out(house: House) -> None:
    order = uuid.UUID(house.place()["order"])
    prover = prove.Prover()
    with pytest.raises(NotAvailable):
        ask(house, lambda c: heads.commit_head(c, house.tenant, order))
    house.call("POST", f"/v1/orders/{order}/transitions", {"event": "release"})
    seal(house)
    with pytest.raises(InputError) as raised:
        ask(house, lambda c: heads.prove_head(c, prover, house.tenant, order))
    assert raised.value.code == "no_head"
    ask(house, lambda c: heads.commit_head(c, house.tenant, order))
    with pytest.raises(NotAvailable):
        ask(house, lambda c: heads.prove_head(c, prover, house.tenant, order))
    seal(house)
    first = ask(house, lambda c: heads.prove_head(c, prover, house.tenant, order))
    checkpoint = note.parse_checkpoint(note.parse(first.note).text)
    assert merkle.verify_inclusion(
        merkle.leaf_hash(first.body), first.index, first.size, first.hashes, checkpoint.root
    )
    facts = [f.body for b in ask(
        house, lambda c: prover.prove_stream(c, house.tenant, order)).bundles for f in b.facts
    ]  # fmt: skip
    heads_of = [merkle.leaf_hash(body) for body in facts]
    said_of = [maps.contradict(first.body, first.map, order, n + 1, h) for n, h in
               enumerate(heads_of)]  # fmt: skip
    assert said_of[-1] == ""
    assert all(said_of[:-1]), "a stream that was cut short is contradicted"
    # asked again, and when the log has grown, the very same proof
    house.place()
    seal(house)
    ask(house, lambda c: heads.commit_due(c, house.hub.clock() + HOUR_MS))
    seal(house)
    ask(house, lambda c: heads.commit_head(c, house.tenant, order))
    again = ask(house, lambda c: heads.prove_head(c, prove.Prover(), house.tenant, order))
    assert msgspec.structs.asdict(again) == msgspec.structs.asdict(first)
    # a later act needs a later entry
    house.call("POST", f"/v1/orders/{order}/transitions", {"event": "pick"})
    seal(house)
    with pytest.raises(InputError):
        ask(house, lambda c: heads.prove_head(c, prover, house.tenant, order))
    with pytest.raises(InputError):
        ask(house, lambda c: heads.commit_head(c, house.tenant, uuid.uuid4()))


def deposit(house: House, at_ms: int, **more: Any) -> int:
    return int(ask(house, lambda c: anchoring.deposit_due(c, at_ms, **more)))


def test_one_deposit_a_period_and_no_chain_without_a_transaction(house: House) -> None:
    house.place()
    seal(house)
    with court_chain.serve() as platform:
        account = {"adapter": "court-chain", "url": platform.url, "key": court_chain.KEY}
        no_secret = house.call("PUT", "/v1/books/anchor", account)
        assert no_secret.status_code == 422
        wrong = {**account, "secret": "wrong"}
        assert house.call("PUT", "/v1/books/anchor", wrong).status_code == 200
        at_ms = house.hub.clock()
        assert deposit(house, at_ms) == 0
        (gap,) = house.call("GET", "/v1/books").json()["gaps"]
        assert (gap["code"], "BAD_SIGNATURE" in gap["subject"]) == ("anchor_trouble", True)
        right = {**account, "secret": court_chain.SECRET}
        shown = house.call("PUT", "/v1/books/anchor", right)
        assert court_chain.SECRET not in shown.text
        assert deposit(house, at_ms) == 0, "a minute apart"
        for fault in ("down", "garbage", "other digest", "lost", "slow chain"):
            platform.faults = [fault]
            assert deposit(house, at_ms, at_once=True) == 0, fault
            assert said(house, "anchor.deposited") == []
            (kept,) = house.call("GET", "/v1/books").json()["anchors"]
            assert kept["tx"] == "" or fault == "slow chain"
            if fault == "lost":  # done there, unheard here: the chain must wait for what follows
                platform.deposits[kept["digest"]]["tx"] = ""
        assert kept["evidence_no"] == "EV00000001"
        assert [g["code"] for g in house.call("GET", "/v1/books").json()["gaps"]] == [
            "anchor_pending"
        ]
        platform.mine()
        assert house.call("POST", "/v1/books/anchors").json() == {"came": 1}
        assert len(platform.deposits) == 1, "asked again and again, deposited once"
        (fact,) = said(house, "anchor.deposited")
        (kept,) = house.call("GET", "/v1/books").json()["anchors"]
        assert (fact["tx"], fact["evidence_no"]) == (kept["tx"], "EV00000001")
        assert house.call("GET", "/v1/books").json()["gaps"] == []
        half, size = rows(house, "select half, size from anchored_books")[0]
        (read,) = ask(house, lambda c: anchors.read_anchors(c, house.tenant, half, size))
        assert hashlib.sha256(read.manifest).hexdigest() == fact["digest"]
        covered = json.loads(read.manifest)["checkpoints"]
        assert [(c["origin"], c["size"]) for c in covered] == [(f"danshu/small/{half}", size)]
        later = ask(house, lambda c: anchors.read_anchors(c, house.tenant, half, size - 1))
        assert [a.size for a in later] == [size]
        # verification and certificate come from the platform
        got = house.call("GET", "/v1/books/certificate?evidence_no=EV00000001")
        assert got.content.startswith(b"certificate of ")
        assert house.call("GET", "/v1/books/certificate?evidence_no=EV9").status_code == 404
        # nothing more in this period; one in the next, if the log has grown
        assert deposit(house, at_ms, at_once=True) == 0
        seal(house)
        assert deposit(house, at_ms + 24 * HOUR_MS) == 1
        assert len(platform.deposits) == 2
        assert house.call("DELETE", "/v1/books/anchor").status_code == 204
        assert deposit(house, at_ms + 72 * HOUR_MS) == 0


@pytest.mark.parametrize(
    ("every_h", "at_ms", "period"),
    [
        (24, 1_795_345_200_000, "2026-11-22"),
        (6, 1_795_345_200_000, "2026-11-22T06"),
        (1, 1_795_345_200_000, "2026-11-22T11"),
    ],
)
def test_periods(every_h: int, at_ms: int, period: str) -> None:
    assert anchoring.period_of(at_ms, every_h) == period
