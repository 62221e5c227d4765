"""What an order's facts name: clauses, statements, signatures, evidence, what was disclosed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from danshu.faces.verify import standing
from danshu.faces.verify.findings import Book
from danshu.faces.verify.reading import from_base64url, has_signed, parse
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.faces.verify.findings import Findings, Shown

ERASURES: Final = ("vault.erased", "evidence.erased")
_VAULT: Final = b"danshu/vault/1"
_PRESENT: Final = 0x01  # UP
_VERIFIED: Final = 0x04  # UV
_SYNCABLE: Final = 0x08  # BE
_RP_BYTES: Final = 32


class Named:
    """The files that are named by their digest; each is reported once."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self._said: set[str] = set()
        self._paths = {p.split(".")[0]: p for p in sorted(found.files) if "." in p}

    def find(
        self, folder: str, digest: str, each: Shown, check: str, suffix: str = ""
    ) -> bytes | None:
        """Give a file; where it is missing, a later fact must have erased it."""
        found, stem = self.found, f"{folder}/{digest}"
        path = self._paths.get(stem, "")
        if path and path.endswith(suffix):
            data = found.take(path)
            good = hashlib.sha256(data).hexdigest() == digest
            if path not in self._said:
                self._said.add(path)
                found.say(path, check, good)
            return data if good else None
        self._explain(stem, digest, each, check)
        return None

    def _explain(self, stem: str, digest: str, each: Shown, check: str) -> None:
        found = self.found
        absent = [a for a in found.manifest.get("absent", []) if a["digest"] == digest]
        reason = absent[-1]["reason"] if absent else ""
        facts = [s.fact for s in found.facts if s.fact["type"] in ERASURES]
        bases = [f["data"].get("basis", "") for f in facts if f["seq"] > each.fact["seq"]]
        if reason == "erased" and bases:
            told = f"{stem} 已依请求删除({bases[-1]}),摘要与证明仍有效"
            found.say(each.path, check, True, told)
        elif reason == "not_kept" and check in ("media", "contract"):
            found.say(each.path, check, None, f"{stem} 未附原件,只有摘要,向商家索取后比对摘要")
        else:
            found.say(each.path, check, False, f"缺少 {stem}")


def check_disclosed(found: Findings) -> None:
    """Hold the originals against the salted commitments of the fact that made them: of the first,
    or of the one whose number the folder is.
    """
    committed: dict[tuple[str, str], set[str]] = {}
    for shown in found.facts:
        folder = "" if shown.fact["seq"] == 1 else f"{shown.fact['seq']}/"
        for item in shown.fact.get("evidence", []):
            committed.setdefault((folder, item["kind"]), set()).add(item["digest"])
    for path in found.under("disclosed/"):
        folder, slash, name = path.removeprefix("disclosed/").rpartition("/")
        folder += slash
        if name == "salt.hex":
            continue
        data, salt = found.take(path), found.take(f"disclosed/{folder}salt.hex").decode()
        made = {
            hashlib.sha256(
                b"\0".join((_VAULT, label.encode(), bytes.fromhex(salt) + data))
            ).hexdigest()
            for label in (("person", "receiver") if name == "receiver" else (name,))
        }
        found.say(path, "disclosed", bool(made & committed.get((folder, name), set())))


def check_media(named: Named, each: Shown) -> None:
    """Check the evidence that a fact names."""
    found = named.found
    erased = any(shown.fact["type"] in ERASURES for shown in found.facts)
    for item in each.fact.get("evidence", []):
        kind = item["kind"]
        if item.get("salted"):
            seq = each.fact["seq"]
            place = kind if seq == 1 else f"{seq}/{kind}"
            if erased and f"disclosed/{place}" not in found.files:
                found.say(each.path, "disclosed", True, f"{kind} 已依请求删除,承诺摘要仍在")
        elif kind not in ("statement", "signature"):
            data = named.find("media", item["digest"], each, "media")
            if data is not None and "size" in item and len(data) != item["size"]:
                found.say(each.path, "media", False, f"{kind} 的长度不符")


def check_promises(named: Named, each: Shown) -> None:
    """Check the clauses that were pinned, and their texts as shown."""
    for pin in each.fact["data"]["promises"]:
        named.find("contract", pin["definition"], each, "contract", ".json")
        named.find("contract", pin["text"], each, "contract", ".txt")


def check_act(named: Named, each: Shown) -> None:
    """Check an action: the statement says what the fact says, the person signed the statement."""
    found, data = named.found, each.fact["data"]
    actor = each.fact["actor"]
    named.find("contract", data["definition"], each, "contract", ".json")
    raw = named.find("statements", data["statement"], each, "statement", ".json")
    if actor.get("grade", "C") == "A" and not data.get("signature"):
        found.say(each.path, "signature", False, "等级 A 而没有签名")
    if raw is None:
        return
    told = parse(raw)
    there = [(e["digest"], e["kind"], e.get("size", 0)) for e in each.fact.get("evidence", [])]
    good = all(told[name] == data[name] for name in ("action", "version", "definition"))
    good = good and told["order"] == found.manifest["order"] and told["subject"] == actor["sub"]
    good = good and all((e["digest"], e["kind"], e["size"]) in there for e in told["evidence"])
    found.say(each.path, "statement", good, f"{told['subject']}:{told['shown'][:40]}")
    _check_after(found, each, told["after"])
    if data.get("signature"):
        record = named.find("signatures", data["signature"], each, "signature", ".json")
        if record is not None:
            _check_signature(found, each, raw, parse(record), actor["sub"])


def check_override(named: Named, each: Shown) -> None:
    """Check a warehouse that persons chose: each stated what the fact says, and signed that."""
    data, subject = each.fact["data"], each.fact["actor"]["sub"]
    _check_hand(named, each, data["statement"], data["signature"], subject)
    if data.get("second"):
        hand = (data["confirmed"], data["countersigned"], data["second"])
        _check_hand(named, each, *hand)


def _check_hand(named: Named, each: Shown, digest: str, signature: str, subject: str) -> None:
    found, data = named.found, each.fact["data"]
    raw = named.find("statements", digest, each, "statement", ".json")
    if raw is None:
        return
    told = parse(raw)
    body = told["body"]
    good = told["action"] == "route_override" and told["order"] == found.manifest["order"]
    good = good and told["subject"] == subject
    good = good and all(body[name] == data[name] for name in ("note", "reason", "to", "was"))
    good = good and body["decision"] == data.get("decision", "")
    good = good and body["lifted"] == data.get("lifted", [])
    found.say(each.path, "statement", good, f"{told['subject']}:{told['shown'][:40]}")
    _check_after(found, each, told["after"])
    record = named.find("signatures", signature, each, "signature", ".json")
    if record is not None:
        _check_signature(found, each, raw, parse(record), subject)


def _check_after(found: Findings, each: Shown, after: dict[str, Any]) -> None:
    if not after["size"]:
        return
    half = next((h for h, book in found.books.items() if book.origin == after["origin"]), None)
    if half is None:
        found.say(each.path, "after", None, f"包内没有 {after['origin']} 的检查点")
        return
    if half == each.half and after["size"] > each.index:
        raise InputError("after", "陈述所见的检查点晚于它自己入账")
    old = Book(after["origin"], after["size"], bytes.fromhex(after["root"]))
    standing.check_growth(found, half, old, "after", each.path)


def _check_signature(
    found: Findings, each: Shown, statement: bytes, record: dict[str, Any], subject: str
) -> None:
    """Check a WebAuthn assertion over the statement's bytes (W3C WebAuthn level 3 §7.2)."""
    names = ("client_data", "authenticator_data", "public_key", "signature")
    client, made, key, signature = (from_base64url(record[name]) for name in names)
    told = json.loads(client)
    challenge = from_base64url(told["challenge"])
    flags, rp = made[_RP_BYTES], hashlib.sha256(record["rp_id"].encode()).digest()
    both = _PRESENT | _VERIFIED
    signed = made + hashlib.sha256(client).digest()
    rules = {
        "不是一次签署": told["type"] == "webauthn.get",
        "签的不是这份陈述": challenge == hashlib.sha256(statement).digest(),
        "不是这个网站": made[:_RP_BYTES] == rp,
        "无人在场或未验证本人(UP、UV)": flags & both == both,
        "公钥与摘要不符": hashlib.sha256(key).hexdigest() == record["key"],
        "签名不成立": has_signed(key, signed, signature),
    }
    wrong = ";".join(why for why, good in rules.items() if not good)
    kind = "可同步的密钥(BE=1)" if flags & _SYNCABLE else "不可同步的密钥(BE=0)"
    found.say(each.path, "signature", not wrong, wrong or f"{told['origin']},{kind}")
    _check_key(found, each, record, subject)


def _check_key(found: Findings, each: Shown, record: dict[str, Any], subject: str) -> None:
    added = found.added.get(record["credential"])
    removed = found.removed.get(record["credential"])
    here = (each.half, each.index)
    if added is None:
        found.say(each.path, "key", None, "包内没有这把钥匙的登记事实")
        return
    good = added.place < here and added.subject == subject
    good = good and added.key in ("", record["key"]) and not (removed and removed.place < here)
    found.say(each.path, "key", good, f"第 {added.place[1]} 条登记")
