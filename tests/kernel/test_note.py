"""Signed notes: those that C2SP, Go's sumdb and a CT log published; round trips; forgeries."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel import ed25519, note
from danshu.kernel.errors import InputError, ProgramError, Refusal
from danshu.kernel.limits import NOTE_BYTES, NOTE_SIGNATURES, PROOF_HASHES
from danshu.kernel.note import COSIGNATURE, ED25519, Checkpoint, Growth, Note, Proof, VerifierKey

# golang.org/x/mod sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
    "ngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwn"
    "WLox33WWd1RvMc+QQ=\n"
)
# The example of c2sp.org/signed-note.
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
    "mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
# A checkpoint of a CT log, cosigned by witnesses; the log signs twice, once with type 0x05.
ARCHE = (
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
CT_CHECKPOINT = (
    "arche2025h1.staging.ct.transparency.dev\n1432088532\n"
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
    "— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6h"
    "oGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
    "— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhU"
    "kzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIo"
    "bWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
).encode()

SECRET = Ed25519PrivateKey.from_private_bytes(b"a" * 32)
PUBLIC = SECRET.public_key().public_bytes_raw()
LOG = VerifierKey(name="log.example/m1/2026h2", kind=ED25519, public_key=PUBLIC)
WITNESS = VerifierKey(name="见证.example", kind=COSIGNATURE, public_key=PUBLIC)
HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=5).map(tuple)


def _check(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _names(result: tuple[note.Verified, ...] | Refusal) -> list[str]:
    assert not isinstance(result, Refusal)
    return [each.key.name for each in result]


@pytest.mark.parametrize("vkey", [PETER, ENOCH, FOO, ARCHE, REMORA])
def test_published_keys_come_back(vkey: str) -> None:
    key = note.parse_key(vkey)
    assert key.encode() == vkey
    assert key.kind == (COSIGNATURE if vkey == REMORA else ED25519)


@pytest.mark.parametrize(
    ("raw", "vkeys"),
    [
        (FOO_NOTE, [FOO]),
        (f"{GO_TEXT}\n{PETER_LINE}".encode(), [PETER]),
        (f"{GO_TEXT}\n{PETER_LINE}{ENOCH_LINE}".encode(), [PETER, ENOCH]),
        (f"{GO_TEXT}\n{ENOCH_LINE}{PETER_LINE}".encode(), [ENOCH, PETER]),
        (CT_CHECKPOINT, [ARCHE, REMORA]),
    ],
)
def test_published_notes_verify(raw: bytes, vkeys: list[str]) -> None:
    read = note.parse(raw)
    keys = [note.parse_key(vkey) for vkey in vkeys]
    assert note.encode(read) == raw
    for check in (ed25519.verify, _check):
        result = note.verify(read, keys, check)
        assert not isinstance(result, Refusal)
        assert [each.key for each in result] == keys
    assert _names(note.verify(read, keys[:1])) == [keys[0].name]


def test_the_published_secret_signs_the_published_note() -> None:
    name, key_id, kind, seed = note.parse_secret(PETER_SECRET)
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    key = VerifierKey(name=name, kind=kind, public_key=secret.public_key().public_bytes_raw())
    assert key.key_id == key_id
    assert key.encode() == PETER
    assert note.encode_secret(key, seed) == PETER_SECRET
    signed = Note(text=GO_TEXT, signatures=(note.sign(GO_TEXT, key, secret.sign),))
    assert note.encode(signed).decode() == f"{GO_TEXT}\n{PETER_LINE}"


def test_the_published_checkpoint_reads_and_its_cosignature_tells_the_time() -> None:
    read = note.parse(CT_CHECKPOINT)
    checkpoint = note.parse_checkpoint(read.text)
    assert checkpoint.origin == "arche2025h1.staging.ct.transparency.dev"
    assert checkpoint.size == 1_432_088_532
    assert base64.b64encode(checkpoint.root) == b"U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro="
    assert checkpoint.text() == read.text
    result = note.verify(read, [note.parse_key(REMORA)])
    assert not isinstance(result, Refusal)
    assert result[0].time_s == 0x6A122120


def test_a_changed_text_or_signature_refuses_the_note() -> None:
    key, other = note.parse_key(PETER), note.parse_key(FOO)
    changed = note.parse(f"{GO_TEXT}\n{PETER_LINE}".replace("know", "know ").encode())
    refused = note.verify(changed, [key])
    assert isinstance(refused, Refusal)
    assert refused.code == "note_signature"
    unknown = note.verify(note.parse(FOO_NOTE), [key])
    assert isinstance(unknown, Refusal)
    assert unknown.code == "note_unknown"
    # A good signature does not make up for the bad one of another known key.
    lines = CT_CHECKPOINT.decode().replace("1432088532", "1432088533").encode()
    assert isinstance(note.verify(note.parse(lines), [note.parse_key(ARCHE)]), Refusal)
    foo = note.sign(GO_TEXT, LOG, SECRET.sign)
    bad = note.Signature(name=other.name, key_id=other.key_id, signature=foo.signature)
    mixed = Note(text=GO_TEXT, signatures=(foo, bad))
    assert _names(note.verify(mixed, [LOG])) == [LOG.name]
    assert isinstance(note.verify(mixed, [LOG, other]), Refusal)


@pytest.mark.parametrize("position", range(0, len(CT_CHECKPOINT), 7))
def test_no_flipped_bit_of_a_checkpoint_is_ever_accepted_as_another_one(position: int) -> None:
    changed = bytearray(CT_CHECKPOINT)
    changed[position] ^= 1
    keys = [note.parse_key(ARCHE), note.parse_key(REMORA)]
    try:
        read = note.parse(bytes(changed))
    except InputError:
        return
    result = note.verify(read, keys, _check)
    if isinstance(result, Refusal):
        return
    # The flip hit a line that nobody knows, or made a known line unknown: the rest still stands.
    published = note.parse(CT_CHECKPOINT)
    assert read.text == published.text
    for each in result:
        lines = [s for s in read.signatures if s.key_id == each.key.key_id]
        assert set(lines) <= set(published.signatures)


def test_a_key_counts_once_and_each_of_its_lines_must_be_good() -> None:
    first = note.sign(GO_TEXT, WITNESS, SECRET.sign, 1)
    second = note.sign(GO_TEXT, WITNESS, SECRET.sign, 2)
    result = note.verify(Note(text=GO_TEXT, signatures=(first, second)), [WITNESS])
    assert result == (note.Verified(key=WITNESS, time_s=1),)
    forged = note.Signature(
        name=second.name, key_id=second.key_id, signature=bytes(8) + second.signature[8:]
    )
    assert isinstance(
        note.verify(Note(text=GO_TEXT, signatures=(first, forged)), [WITNESS]), Refusal
    )


@given(
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    time_s=st.integers(0, 2**63 - 1),
)
@settings(max_examples=20, deadline=None)
def test_checkpoints_are_signed_cosigned_and_read_again(
    size: int, root: bytes, time_s: int
) -> None:
    checkpoint = Checkpoint(origin=LOG.name, size=size, root=root)
    text = checkpoint.text()
    signatures = (
        note.sign(text, LOG, SECRET.sign),
        note.sign(text, WITNESS, SECRET.sign, time_s),
    )
    read = note.parse(note.encode(Note(text=text, signatures=signatures)))
    assert note.parse_checkpoint(read.text) == checkpoint
    assert note.verify(read, [WITNESS, LOG]) == (
        note.Verified(key=LOG),
        note.Verified(key=WITNESS, time_s=time_s),
    )


LINE = FOO_NOTE.decode().split("\n\n")[1]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "text\n",
        "text\n\n",
        f"text\n{LINE}",
        f"text\n\n{LINE.rstrip()}",
        f"text\n\n{LINE}\n",
        f"te\txt\n\n{LINE}",
        f"text\r\n\n{LINE}",
        f"text\x00\n\n{LINE}",
        f"text\n\n{LINE}more\n",
        f"text\n\n{LINE.replace('—', '-')}",
        f"text\n\n{LINE.replace('— ', '—')}",
        f"text\n\n{LINE.replace('/foo', '+foo')}",
        f"text\n\n{LINE.replace('/foo', ' foo')}",
        f"text\n\n{LINE.replace('/foo', chr(0x3000) + 'foo')}",
        f"text\n\n{LINE.replace('example.com/foo', '')}",
        f"text\n\n{LINE.replace('aQM=', 'aQM')}",
        f"text\n\n{LINE.replace('aQM=', 'aQN=')}",
        f"text\n\n{LINE.replace('aQM=', 'aQM=!')}",
        "text\n\n— a AAAAAA==\n",
        "text\n\n— a \n",
        "text\n\n— a\n",
        "text\n\n" + LINE * (NOTE_SIGNATURES + 1),
        "x" * NOTE_BYTES + "\n\n" + LINE,
        b"\xff\n\n" + LINE.encode(),
    ],
    ids=lambda raw: repr(raw)[:40],
)
def test_other_bytes_are_no_note(raw: str | bytes) -> None:
    with pytest.raises(InputError):
        note.parse(raw if isinstance(raw, bytes) else raw.encode())


def test_the_last_empty_line_divides_and_enough_signatures_fit() -> None:
    read = note.parse(f"a\n\n\nb\n\n{LINE * NOTE_SIGNATURES}".encode())
    assert read.text == "a\n\n\nb\n"
    assert len(read.signatures) == NOTE_SIGNATURES >= 16


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", ""),
        PETER[:-4],
        PETER + "=",
        "x+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
        "x+00000000+" + base64.b64encode(b"\x01" + bytes(31)).decode(),
    ],
)
def test_other_texts_are_no_key(vkey: str) -> None:
    with pytest.raises(InputError):
        note.parse_key(vkey)


@pytest.mark.parametrize(
    "skey",
    [
        "",
        PETER,
        PETER_SECRET[:-4],
        PETER_SECRET.replace("c7", "zz"),
        PETER_SECRET.replace("+AY", "+Ag"),
    ],
)
def test_other_texts_are_no_secret_and_are_not_repeated(skey: str) -> None:
    with pytest.raises(InputError) as caught:
        note.parse_secret(skey)
    assert "AYEKFALV" not in str(caught.value)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"\n1\n{ROOT}\n",
        f"o\n1\n{ROOT}",
        f"o\n01\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n１\n{ROOT}\n",  # a full-width digit
        f"o\n{2**63}\n{ROOT}\n",
        f"o\n{10**30}\n{ROOT}\n",
        f"o\n1\n{ROOT[:-4]}\n",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}\n\nx\n",
        "o\n1\n",
    ],
)
def test_other_texts_are_no_checkpoint(text: str) -> None:
    with pytest.raises(InputError):
        note.parse_checkpoint(text)


def test_extension_lines_are_kept() -> None:
    text = f"o\n0\n{ROOT}\next 1\next 2\n"
    checkpoint = note.parse_checkpoint(text)
    assert checkpoint.extensions == ("ext 1", "ext 2")
    assert checkpoint.text() == text


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(origin="", size=1, root=bytes(32)),
        Checkpoint(origin="a\nb", size=1, root=bytes(32)),
        Checkpoint(origin="a\n1", size=1, root=bytes(32)),
        Checkpoint(origin="a", size=-1, root=bytes(32)),
        Checkpoint(origin="a", size=1, root=bytes(31)),
        Checkpoint(origin="a", size=1, root=bytes(32), extensions=("",)),
        Checkpoint(origin="a", size=1, root=bytes(32), extensions=("x\ny",)),
    ],
)
def test_what_cannot_be_read_again_is_not_written(checkpoint: Checkpoint) -> None:
    with pytest.raises(ProgramError):
        checkpoint.text()


def test_what_is_no_note_is_not_signed_or_written() -> None:
    good = note.sign("a\n", LOG, SECRET.sign)
    for text in ("", "a", "a\r\n", "a\x00\n"):
        with pytest.raises(ProgramError):
            note.sign(text, LOG, SECRET.sign)
        with pytest.raises(ProgramError):
            note.encode(Note(text=text, signatures=(good,)))
    with pytest.raises(ProgramError):
        note.encode(Note(text="a\n", signatures=()))


@given(
    index=st.integers(0, 2**63 - 1),
    hashes=HASHES,
    extra=st.none() | st.binary(max_size=40),
)
def test_proof_files_come_back(index: int, hashes: tuple[bytes, ...], extra: bytes | None) -> None:
    proof = Proof(index=index, hashes=hashes, checkpoint=CT_CHECKPOINT, extra=extra)
    raw = note.encode_proof(proof)
    assert raw.startswith(b"c2sp.org/tlog-proof@v1\n")
    assert note.parse_proof(raw) == proof
    growth = Growth(old_size=index, hashes=hashes, checkpoint=CT_CHECKPOINT)
    assert note.parse_growth(note.encode_growth(growth)) == growth


def test_proof_files_look_as_the_specification_shows() -> None:
    proof = Proof(index=7, hashes=(bytes(32),), checkpoint=b"o\n8\n", extra=b"hi")
    assert note.encode_proof(proof) == (
        f"c2sp.org/tlog-proof@v1\nextra aGk=\nindex 7\n{ROOT}\n\no\n8\n".encode()
    )
    growth = Growth(old_size=3, hashes=(bytes(32),), checkpoint=b"o\n8\n")
    assert note.encode_growth(growth) == f"old 3\n{ROOT}\n\no\n8\n".encode()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "c2sp.org/tlog-proof@v1\nindex 7\n",
        f"c2sp.org/tlog-proof@v2\nindex 7\n{ROOT}\n\no",
        f"c2sp.org/tlog-proof@v1\nindex 07\n{ROOT}\n\no",
        f"c2sp.org/tlog-proof@v1\nindex -7\n{ROOT}\n\no",
        f"c2sp.org/tlog-proof@v1\n{ROOT}\n\no",
        f"c2sp.org/tlog-proof@v1\nindex 7\nextra aGk=\n{ROOT}\n\no",
        f"c2sp.org/tlog-proof@v1\nextra aGk\nindex 7\n{ROOT}\n\no",
        f"c2sp.org/tlog-proof@v1\nindex 7\n{ROOT[:-4]}\n\no",
        f"c2sp.org/tlog-proof@v1\r\nindex 7\n{ROOT}\n\no",
        f"c2sp.org/tlog-proof@v1\nindex 7\n{ROOT}é\n\no",
        "c2sp.org/tlog-proof@v1\nindex 7\n" + f"{ROOT}\n" * (PROOF_HASHES + 1) + "\no",
    ],
    ids=lambda raw: repr(raw)[:60],
)
def test_other_bytes_are_no_proof(raw: str) -> None:
    with pytest.raises(InputError):
        note.parse_proof(raw.encode())
