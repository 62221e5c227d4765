"""The witness: the table of its protocol (C2SP tlog-witness), and what it never does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from danshu.faces.witness import Answer, Logs, Server, Witness
from danshu.kernel import merkle, note
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import WITNESS_BODY_BYTES
from danshu.kernel.note import Growth, VerifierKey
from tests.fixtures.serving import serve

ORIGIN = "danshu/a/2026h2"
SECRET = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
LEAVES = [merkle.leaf_hash(b"%d" % n) for n in range(40)]
FORKED = [*LEAVES[:5], *[merkle.leaf_hash(b"other %d" % n) for n in range(35)]]
TIME_S = 1_790_000_000


# The example request of c2sp.org/tlog-witness, and one line of its example answer.
PUBLISHED = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz\
Gku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEj\
w6QUXTS5Rovnzv++qbSzm9Q=
""".encode()
ANSWER = (
    "— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk"
    "3DXDqI5G2HgLatVs0pWh6Up69HVOw==\n"
)


def key_of(secret: Ed25519PrivateKey, name: str = ORIGIN) -> VerifierKey:
    public = secret.public_key().public_bytes_raw()
    return VerifierKey(name=name, kind=note.ED25519, public_key=public)


def checkpoint(
    size: int,
    leaves: list[bytes] = LEAVES,
    secret: Ed25519PrivateKey = SECRET,
    origin: str = ORIGIN,
) -> bytes:
    text = note.Checkpoint(origin=origin, size=size, root=merkle.root(leaves[:size])).text()
    line = note.sign(text, key_of(secret, origin), secret.sign)
    return note.encode(note.Note(text=text, signatures=(line,)))


def nodes(leaves: list[bytes]) -> Any:
    return lambda level, at: merkle.root(leaves[at << level : (at + 1) << level])


def growth(old: int, size: int, leaves: list[bytes] = LEAVES, **more: Any) -> bytes:
    hashes: list[bytes] = []
    if 0 < old < size:
        hashes = merkle.consistency_proof(old, size, nodes(leaves))
    signed = checkpoint(size, leaves, **more)
    return note.encode_growth(Growth(old_size=old, hashes=tuple(hashes), checkpoint=signed))


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    path = tmp_path / "logs.txt"
    path.write_text(f"# the merchant's books\n{key_of(SECRET).encode()}\n")
    return Logs(path)


@pytest.fixture
def witness(tmp_path: Path, logs: Logs) -> Any:
    made = Witness(tmp_path / "data", "witness.example/w1", logs, lambda: TIME_S)
    yield made
    made.close()


def cosigned(witness: Witness, size: int, answer: Answer) -> bool:
    """The answer is one line, and with the checkpoint a note that verifies by the witness's key."""
    raw = checkpoint(size) + answer.body
    verdict = note.verify(note.parse(raw), (key_of(SECRET), witness.key))
    return (
        isinstance(verdict, tuple)
        and [v.time_s for v in verdict] == [None, TIME_S]
        and answer.body.count(b"\n") == 1
        and answer.body.startswith("— witness.example/w1 ".encode())
    )


def test_the_published_request_and_answer_are_read() -> None:
    growth = note.parse_growth(PUBLISHED)
    assert (growth.old_size, len(growth.hashes)) == (20_852_014, 4)
    assert note.encode_growth(growth) == PUBLISHED
    signed = note.parse(growth.checkpoint)
    read = note.parse_checkpoint(signed.text)
    assert (read.origin, read.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert len(signed.signatures) == 2
    cosigned_note = note.parse(growth.checkpoint + ANSWER.encode())
    assert cosigned_note.signatures[2].name == "witness.example/w1"
    # 8 bytes of time and 64 of the signature: c2sp.org/tlog-cosignature
    assert len(cosigned_note.signatures[2].signature) == 72


def test_it_cosigns_what_grows(witness: Witness) -> None:
    old = 0
    for size in (3, 3, 7, 8, 40):
        answer = witness.add_checkpoint(growth(old, size))
        assert answer.status == 200, answer.body
        assert cosigned(witness, size, answer)
        old = size


TABLE = {
    "not a request": (b"hello", 400),
    "no checkpoint": (b"old 7\n\nx\n", 400),
    "old above size": (growth(7, 5), 400),
    "leading zero": (growth(7, 9).replace(b"old 7", b"old 07"), 400),
    "unknown log": (growth(7, 9, origin="danshu/b/2026h2"), 404),
    "unknown key": (growth(7, 9, secret=STRANGER), 403),
    "changed text": (growth(7, 9).replace(b"\n9\n", b"\n8\n"), 403),
    "old too small": (growth(5, 9), 409),
    "old zero": (growth(0, 9), 409),
    "old too large": (growth(8, 9), 409),
    "same size, other root": (growth(7, 7, FORKED), 409),
    "proof of another tree": (growth(7, 9, FORKED), 422),
    "no proof": (note.encode_growth(Growth(old_size=7, hashes=(), checkpoint=checkpoint(9))), 422),
    "proof for the same size": (
        note.encode_growth(Growth(old_size=7, hashes=(b"h" * 32,), checkpoint=checkpoint(7))),
        422,
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_of_the_protocol(witness: Witness, tmp_path: Path, name: str) -> None:
    assert witness.add_checkpoint(growth(0, 7)).status == 200
    body, status = TABLE[name]
    answer = witness.add_checkpoint(body)
    assert answer.status == status, answer.body
    if status == 409:
        assert (answer.kind, answer.body) == ("text/x.tlog.size", b"7\n")
    kept = list((tmp_path / "data").glob("forks/*.txt"))
    assert [path.read_bytes() for path in kept] == (
        [body] if status == 422 or name == "same size, other root" else []
    )
    # nothing of it was taken: the log goes on from where it was
    assert witness.add_checkpoint(growth(7, 9)).status == 200


def test_a_proof_from_nothing_is_empty(witness: Witness) -> None:
    body = note.encode_growth(Growth(old_size=0, hashes=(b"h" * 32,), checkpoint=checkpoint(7)))
    assert witness.add_checkpoint(body).status == 422
    answer = witness.add_checkpoint(growth(3, 7))
    assert (answer.status, answer.body) == (409, b"0\n")


def test_a_rollback_is_refused_also_after_a_restart(tmp_path: Path, logs: Logs) -> None:
    first = Witness(tmp_path / "data", "w", logs, lambda: TIME_S)
    assert first.add_checkpoint(growth(0, 30)).status == 200
    with pytest.raises(NotAvailable):
        Witness(tmp_path / "data", "w", logs, lambda: TIME_S)
    first.close()
    again = Witness(tmp_path / "data", "w", logs, lambda: TIME_S)
    assert again.key == first.key
    for old in (0, 7, 20):
        answer = again.add_checkpoint(growth(old, 20))
        assert (answer.status, answer.body) == (409, b"30\n")
    assert again.add_checkpoint(growth(30, 31)).status == 200
    again.close()


def test_it_is_durable_before_it_answers(
    witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut before the file is replaced: nothing was said. Cut after: it is remembered."""
    assert witness.add_checkpoint(growth(0, 7)).status == 200
    real = Path.replace

    def before(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    def after(self: Path, target: Path) -> Path:
        real(self, target)
        raise KeyboardInterrupt

    for cut, size in ((before, b"7\n"), (after, b"9\n")):
        monkeypatch.setattr(Path, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            witness.add_checkpoint(growth(7, 9))
        monkeypatch.setattr(Path, "replace", real)
        assert witness.add_checkpoint(growth(1, 9)).body == size


def test_state_that_is_not_its_own_is_not_gone_on_from(witness: Witness, tmp_path: Path) -> None:
    assert witness.add_checkpoint(growth(0, 7)).status == 200
    (path,) = (tmp_path / "data").glob("*.note")
    path.write_bytes(path.read_bytes().replace(b"\n7\n", b"\n6\n"))
    assert witness.add_checkpoint(growth(6, 9)).status == 500
    path.write_bytes(checkpoint(6))
    assert witness.add_checkpoint(growth(6, 9)).status == 500


def test_logs_are_named_one_by_one_or_below_a_name(tmp_path: Path) -> None:
    path = tmp_path / "logs.txt"
    path.write_text(key_of(SECRET, "danshu/a/*").encode() + "\n")
    logs = Logs(path)
    assert logs.keys_of(ORIGIN) == (key_of(SECRET),)
    assert logs.keys_of("danshu/a/2027h1.2") == (key_of(SECRET, "danshu/a/2027h1.2"),)
    for origin in ("danshu/ab/2026h2", "danshu/a", "danshu/a/", "x"):
        assert logs.keys_of(origin) == ()
    # a key after a rotation stands beside the one before
    path.write_text(path.read_text() + key_of(STRANGER, ORIGIN).encode() + " # since November\n")
    logs.read()
    assert set(logs.keys_of(ORIGIN)) == {key_of(SECRET), key_of(STRANGER)}
    path.write_text("no key\n")
    with pytest.raises(InputError):
        logs.read()


def test_over_http(witness: Witness) -> None:
    with serve(Server(witness)) as url, httpx.Client(base_url=url) as web:
        assert web.get("/vkey").text == witness.key.encode() + "\n"
        answer = web.post("/add-checkpoint", content=growth(0, 7))
        assert answer.status_code == 200
        assert cosigned(witness, 7, Answer(status=200, body=answer.content))
        refused = web.post("/add-checkpoint", content=growth(0, 9))
        assert (refused.status_code, refused.text) == (409, "7\n")
        assert refused.headers["content-type"] == "text/x.tlog.size"
        assert web.get("/add-checkpoint").status_code == 405
        assert web.get("/other").status_code == 404
        assert note.parse(web.get("/checkpoints").content).text == note.parse(checkpoint(7)).text
        large = web.post("/add-checkpoint", content=b"x" * (WITNESS_BODY_BYTES + 1))
        assert large.status_code == 413
