"""A bundle made without a database: a small log, two orders with signed acts, a witness, heads,
time stamps, revocation lists, two deposits: one over an earlier checkpoint, one over a later one.

Made by the kernel and the very functions that write a bundle, from fixed keys and times, so that
verifiers can be tried on thousands of forgeries without a hub. `seal_again` does what an insider
with the log's key can do.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct
from webauthn.helpers import encode_cbor

from danshu.capabilities.contract.facts import Pinned, PromiseMade
from danshu.capabilities.contract.performing.facts import ActionPerformed
from danshu.capabilities.orders.facts import OrderConfirmed
from danshu.capabilities.people.facts import PasskeyAdded
from danshu.hub import bundle_files
from danshu.kernel import canonical, fact, heads, ids, merkle, note
from danshu.kernel.fact import NO_HEAD, Actor, Evidence, Said
from danshu.ledger import anchors
from danshu.ledger.facts import HeadsCommitted
from danshu.ledger.signers import SeedSigner, log_key
from danshu.testing.attesting import PaperPlatform, PaperTsa

ORIGIN: Final = "danshu/dossier/2026h2"
HALF: Final = "2026h2"
NOW_MS: Final = 1_790_000_000_000
_HOUR_MS: Final = 3_600_000
RP_ID: Final = "hub.example"
LOG: Final = SeedSigner(b"log key of the dossier, 32 bytes"[:32].ljust(32, b"."))
WITNESS: Final = SeedSigner(b"witness of the dossier".ljust(32, b"."))
WITNESS_KEY: Final = note.VerifierKey(
    name="witness.example/dossier", kind=note.COSIGNATURE, public_key=WITNESS.public_key
)
TSA: Final = PaperTsa(NOW_MS + _HOUR_MS)
PLATFORM: Final = PaperPlatform(NOW_MS + _HOUR_MS)
VKEYS: Final = (log_key(ORIGIN, LOG.public_key).encode(), WITNESS_KEY.encode())
TRUST: Final = (*VKEYS, TSA.root, PLATFORM.root)
_PERSON: Final = ids.uuid7(NOW_MS, b"person....")
SUBJECT: Final = f"person:{_PERSON}"
_REVIEWER: Final = Actor(sub=SUBJECT, role="reviewer", grade="A", key="session")
DEFINITION: Final = canonical.encode({"action": "outbound_review", "name": {"zh": "出库复核"}})
_CLAUSE: Final = canonical.encode({"code": "ship48h", "version": 1})
_SHOWN: Final = "付款后48小时内发货"


def _hex(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Passkey:
    """An ES256 passkey with a fixed secret, kept by one person."""

    def __init__(self, secret: int = 7) -> None:
        self._key = ec.derive_private_key(secret, ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        self.public_key: bytes = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        self.credential = _hex(b"credential %d" % secret)

    def sign(self, statement: bytes, flags: int = 5, challenge: bytes = b"") -> bytes:
        """Give the signature record over a statement; `flags` are UP (1), UV (4), BE (8)."""
        client = json.dumps(
            {
                "type": "webauthn.get",
                "challenge": _text(challenge or hashlib.sha256(statement).digest()),
                "origin": f"https://{RP_ID}",
                "crossOrigin": False,
            },
            separators=(",", ":"),
        ).encode()
        made = hashlib.sha256(RP_ID.encode()).digest() + bytes([flags]) + (1).to_bytes(4, "big")
        signed = made + hashlib.sha256(client).digest()
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return canonical.encode(
            {
                "alg": "webauthn-es256",
                "authenticator_data": _text(made),
                "client_data": _text(client),
                "credential": self.credential,
                "key": _hex(self.public_key),
                "public_key": _text(self.public_key),
                "rp_id": RP_ID,
                "signature": _text(self._key.sign(signed, algorithm)),
            }
        )


class Log:
    """A book in memory: leaves in order, checkpoints at any size, proofs by brute force."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.hashes: list[bytes] = []

    def append(self, body: bytes) -> int:
        """Add a leaf; gives its index."""
        self.bodies.append(body)
        self.hashes.append(merkle.leaf_hash(body))
        return len(self.bodies) - 1

    def node_at(self, level: int, index: int) -> bytes:
        """Give the root of a complete subtree."""
        return merkle.root(self.hashes[index << level : (index + 1) << level])

    def root(self, size: int) -> bytes:
        """Give the root of the first `size` leaves."""
        return merkle.root(self.hashes[:size])

    def checkpoint(self, size: int) -> bytes:
        """Sign the first `size` leaves."""
        text = note.Checkpoint(origin=ORIGIN, size=size, root=self.root(size)).text()
        signature = note.sign(text, log_key(ORIGIN, LOG.public_key), LOG.sign)
        return note.encode(note.Note(text=text, signatures=(signature,)))

    def proof(self, index: int, size: int, checkpoint: bytes) -> bytes:
        """Write the proof file of a leaf."""
        found = tuple(merkle.inclusion_proof(index, size, self.node_at))
        return note.encode_proof(note.Proof(index=index, hashes=found, checkpoint=checkpoint))


class Stream(Struct, kw_only=True):
    """An order's stream so far: the end of its chain, and the indexes of its leaves."""

    order: Any
    log: Log
    seq: int = 0
    head: bytes = NO_HEAD
    indexes: list[int] = []
    files: dict[str, bytes] = {}

    def say(self, data: Struct, actor: Actor, *evidence: Evidence) -> None:
        """Say one fact."""
        packed = fact.pack(
            [Said(data=data, evidence=evidence)],
            stream=self.order,
            seq=self.seq,
            head=self.head,
            actor=actor,
            now_ms=NOW_MS + self.seq * 60_000,
            tenant=1,
        )
        self.seq, self.head = self.seq + 1, packed.head
        (body,) = fact.unpack(packed.body)
        self.indexes.append(self.log.append(body))

    def act(self, passkey: Passkey, nth: int, **forged: Any) -> None:
        """Do one signed action with a photo; `forged` changes what the statement says."""
        size = len(self.log.bodies)
        after = {"origin": ORIGIN, "root": self.log.root(size).hex(), "size": size}
        performed, item, kept = make_act(
            str(self.order), passkey, nth, after, SUBJECT, DEFINITION, forged
        )
        self.files |= kept
        self.say(performed, _REVIEWER, item)


def make_act(
    order: str,
    passkey: Passkey,
    nth: int,
    after: dict[str, Any],
    subject: str,
    definition: bytes,
    forged: dict[str, Any] | None = None,
) -> tuple[ActionPerformed, Evidence, dict[str, bytes]]:
    """Make a signed action: its fact, its photo as evidence, and the bytes that they name, by path.

    `forged` changes what the statement says; `record` makes another signature record.
    """
    photo = b"\xff\xd8photo %d of %s" % (nth, order.encode()) * 4
    item = Evidence(kind="photo", digest=_hex(photo), size=len(photo))
    said: dict[str, Any] = {
        "action": "outbound_review",
        "after": after,
        "body": {},
        "definition": _hex(definition),
        "evidence": [{"digest": item.digest, "kind": item.kind, "size": item.size}],
        "order": order,
        "salt": hashlib.sha256(b"salt %d" % nth).hexdigest()[:32],
        "shown": f"我已复核第 {nth} 箱,货单相符。",
        "subject": subject,
        "version": 1,
    }
    said |= forged or {}
    sign = said.pop("record", Passkey.sign)
    statement = canonical.encode(said)
    record = sign(passkey, statement)
    performed = ActionPerformed(
        action="outbound_review",
        began=fact.rfc3339(NOW_MS),
        definition=_hex(definition),
        duration_ms=4_200,
        ended=fact.rfc3339(NOW_MS + 4_200),
        signature=_hex(record),
        statement=_hex(statement),
        text=_hex(b"template"),
        version=1,
    )
    kept = {
        f"media/{_hex(photo)}.jpg": photo,
        f"statements/{_hex(statement)}.json": statement,
        f"signatures/{_hex(record)}.json": record,
    }
    return performed, item, kept


class Dossier:
    """A log with two orders. `bundle(0)` proves the first of them, as the hub would."""

    def __init__(
        self, acts: int = 3, noise: int = 40, forged: dict[str, Any] | None = None
    ) -> None:
        """`forged` adds one more act to each order, false in what it names."""
        self._forged = forged
        self.log = Log()
        self.passkey = Passkey()
        for n in range(noise):
            self.log.append(b'{"noise":%d}' % n)
        added = PasskeyAdded(
            credential=self.passkey.credential,
            key=_hex(self.passkey.public_key),
            name="复核台",
        )
        person = Stream(order=_PERSON, log=self.log)
        person.say(added, Actor(sub=SUBJECT, role="reviewer", grade="B"))
        self.key_index = person.indexes[0]
        self.orders = [self._live(n, acts) for n in range(2)]
        found = [heads.Head(order=s.order, seq=s.seq, head=s.head) for s in self.orders]
        self.leaves = heads.split_map(heads.encode_map(found))
        said = HeadsCommitted(
            at=fact.rfc3339(NOW_MS),
            book=HALF,
            count=len(self.leaves),
            first=str(found[0].order),
            last=str(found[1].order),
            map=_hex(b"".join(self.leaves)),
            root=heads.root(self.leaves).hex(),
            start=0,
            stop=len(self.log.bodies),
        )
        entry = Stream(order=ids.uuid7(NOW_MS, b"heads....."), log=self.log)
        entry.say(said, Actor(sub="hub"))
        self.heads_index = entry.indexes[0]
        for n in range(7):
            self.log.append(b'{"later":%d}' % n)
        self.size = len(self.log.bodies)  # where a bundle is proven
        for n in range(5):
            self.log.append(b'{"after":%d}' % n)

    def _live(self, nth: int, acts: int) -> Stream:
        stream = Stream(order=ids.uuid7(NOW_MS + nth, b"order%05d" % nth), log=self.log)
        shown = _SHOWN.encode()
        pin = Pinned(code="ship48h", definition=_hex(_CLAUSE), text=_hex(shown), version=1)
        stream.say(PromiseMade(promises=(pin,)), Actor(sub="hub"))
        stream.say(OrderConfirmed(by="hub"), Actor(sub="hub"))
        for n in range(acts):
            stream.act(self.passkey, n)
        if self._forged is not None:
            stream.act(self.passkey, acts, **self._forged)
        stream.files |= {
            f"contract/{_hex(DEFINITION)}.json": DEFINITION,
            f"contract/{_hex(_CLAUSE)}.json": _CLAUSE,
            f"contract/{_hex(shown)}.txt": shown,
        }
        return stream

    def bundle(self, nth: int = 0, size: int = 0, without: frozenset[int] = frozenset()) -> bytes:
        """Write the bundle of one order; `without` leaves out facts by their place in the stream,
        as somebody would who writes a bundle of their own and signs it.
        """
        stream, size = self.orders[nth], size or self.size
        checkpoint = self.log.checkpoint(size)
        folder = f"books/{HALF}"
        files = {**stream.files, f"{folder}/checkpoint": checkpoint}
        entries = [i for n, i in enumerate(stream.indexes, 1) if n not in without]
        places = {"entries": entries, "keys": [self.key_index], "heads": [self.heads_index]}
        places = {name: [i for i in of if i < size] for name, of in places.items()}
        for name, of in places.items():
            for index in of:
                files[f"{folder}/{name}/{index:012d}.json"] = self.log.bodies[index]
                proof = self.log.proof(index, size, checkpoint)
                files[f"{folder}/proofs/{index:012d}.tlog-proof"] = proof
        if places["heads"]:
            path = f"{folder}/heads/{self.heads_index:012d}.map.json"
            files[path] = self._map_proof(stream)
        self._grow(files, checkpoint, size)
        files[f"{folder}/checkpoint.cosigned"] = self._cosign(checkpoint)
        files["trust/vkeys.txt"] = ("\n".join(VKEYS) + "\n").encode()
        files["trust/tsa.pem"] = TSA.root.encode()
        files[f"{folder}/checkpoint.tsr"] = TSA.stamp("sha256", checkpoint)
        files[f"{folder}/checkpoint.sm3.tsr"] = TSA.stamp("sm3", checkpoint)
        for crl in (*TSA.crls(), *PLATFORM.crls()):
            files[f"trust/crls/{_hex(crl)}.crl"] = crl
        for n, covered in enumerate((size - 5, min(size + 5, len(self.log.bodies)))):
            files |= self.deposit(covered, size, f"2026-09-2{n}")
        bodies = [self.log.bodies[i] for i in places["entries"]]
        files["summary.json"] = canonical_summary(bodies, places["entries"])
        files["README.txt"] = bundle_files.README.encode()
        files["verify.py"] = bundle_files.verifier()
        head = {
            "absent": [],
            "books": [{"half": HALF, "origin": ORIGIN, "size": size, **places}],
            "facts": len(bodies),
            "head": merkle.leaf_hash(bodies[-1]).hex(),
            "order": str(stream.order),
        }
        return bundle_files.write(head, files, ORIGIN, [LOG])

    def deposit(self, covered: int, size: int, period: str, root: str = "") -> dict[str, bytes]:
        """Give the files of a deposit over `covered` leaves in a bundle proven at `size`."""
        told = root or self.log.root(covered).hex()
        book = anchors.Covered(origin=ORIGIN, root=told, size=covered)
        manifest = anchors.encode_manifest(period, [book])
        digest = _hex(manifest)
        receipt = {"digest": digest, "evidence_no": f"E-{period}", "tx": "ab" * 32}
        at = fact.rfc3339(NOW_MS + _HOUR_MS)
        signed = PLATFORM.receipt({**receipt, "alg": "sha256", "time": at})
        more = {"at": at, "period": period}
        files = {
            f"anchors/{digest}.json": manifest,
            f"anchors/{digest}.jws": signed,
            f"anchors/{digest}.receipt.json": msgspec.json.encode(
                {**receipt, **more}, order="sorted"
            ),
        }
        if covered != size:
            old, new = sorted((covered, size))
            found = tuple(merkle.consistency_proof(old, new, self.log.node_at))
            growth = note.Growth(old_size=old, hashes=found, checkpoint=self.log.checkpoint(new))
            files[f"books/{HALF}/consistency/{old}-{new}.txt"] = note.encode_growth(growth)
        return files

    def _map_proof(self, stream: Stream) -> bytes:
        proof = heads.prove(self.leaves, stream.order)
        assert proof is not None
        return msgspec.json.encode(
            {
                "hashes": [base64.b64encode(h).decode() for h in proof.hashes],
                "index": proof.index,
                "leaf": proof.leaf.decode(),
            },
            order="sorted",
        )

    def _grow(self, files: dict[str, bytes], checkpoint: bytes, size: int) -> None:
        """Add the consistency proofs of what the statements saw."""
        for path, raw in list(files.items()):
            if path.startswith("statements/"):
                old = json.loads(raw)["after"]["size"]
                if old > size:
                    continue
                found = tuple(merkle.consistency_proof(old, size, self.log.node_at))
                growth = note.Growth(old_size=old, hashes=found, checkpoint=checkpoint)
                files[f"books/{HALF}/consistency/{old}-{size}.txt"] = note.encode_growth(growth)

    def _cosign(self, checkpoint: bytes) -> bytes:
        parsed = note.parse(checkpoint)
        line = note.sign(parsed.text, WITNESS_KEY, WITNESS.sign, NOW_MS // 1000)
        return note.encode(note.Note(text=parsed.text, signatures=(*parsed.signatures, line)))


def canonical_summary(bodies: list[bytes], indexes: list[int]) -> bytes:
    """Write the summary's machine part as bundle_sheet.py does."""
    acts = []
    for body, index in zip(bodies, indexes, strict=True):
        told = json.loads(body)
        acts.append(
            {
                "grade": told["actor"].get("grade", "C"),
                "half": HALF,
                "index": index,
                "occurred": told["occurred"],
                "recorded": told["time"],
                "role": told["actor"].get("role", "system"),
                "seq": told["seq"],
                "subject": told["actor"]["sub"],
                "type": told["type"],
            }
        )
    return msgspec.json.encode({"acts": acts}, order="sorted")
