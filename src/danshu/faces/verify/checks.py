"""What is checked of a bundle, in order; its own verify.py has the same order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from danshu.faces.verify import contract, standing
from danshu.faces.verify.findings import Book, Findings, Key, Shown
from danshu.faces.verify.reading import from_base64, parse
from danshu.kernel import canonical, merkle, note
from danshu.kernel.errors import InputError
from danshu.kernel.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.faces.verify.trust import Trust

FORMAT: Final = "evb/1"
_OUTSIDE: Final = {"manifest.json", "manifest.note"}


def check_bundle(files: Mapping[str, bytes], trust: Trust) -> Findings:
    """Check every file of a bundle. Never raises for what is in them."""
    found = Findings(files, trust)
    found.attempt("manifest.json", "manifest", _check_manifest, found)
    found.attempt("manifest.note", "seal", _check_seal, found)
    standing.take_lists(found)
    for book in found.manifest.get("books", []):
        path = f"books/{book.get('half')}/checkpoint"
        found.attempt(path, "checkpoint", _check_book, found, path, book)
    found.attempt("manifest.json", "chain", _check_chain, found)
    for path, fact in found.heads:
        found.attempt(path, "heads", _check_heads, found, path, fact)
    found.attempt("disclosed", "disclosed", contract.check_disclosed, found)
    named = contract.Named(found)
    for each in found.facts:
        found.attempt(each.path, "media", contract.check_media, named, each)
        if each.fact["type"] == "action.performed":
            found.attempt(each.path, "statement", contract.check_act, named, each)
        elif each.fact["type"] == "route.overridden":
            found.attempt(each.path, "statement", contract.check_override, named, each)
        elif each.fact["type"] == "promise.made":
            found.attempt(each.path, "contract", contract.check_promises, named, each)
    found.attempt("summary.json", "summary", _check_summary, found)
    standing.check_deposits(found)
    for path in sorted(set(files) - found.used):
        found.say(path, "stray", False)
    return found


def _check_manifest(found: Findings) -> None:
    manifest = parse(found.take("manifest.json"))
    listed = {entry["path"]: entry for entry in manifest["files"]}
    present = set(found.files) - _OUTSIDE
    odd = sorted(present ^ set(listed))
    if odd or manifest["format"] != FORMAT or len(listed) < len(manifest["files"]):
        found.say("manifest.json", "manifest", False, "、".join(odd[:5]) or "格式不认识")
    for path in sorted(set(listed) & set(found.files)):
        data, told = found.files[path], listed[path]
        good = told["sha256"] == hashlib.sha256(data).hexdigest() and told["bytes"] == len(data)
        found.say(path, "manifest", good and told["sm3"] == sm3(data).hex())
    found.manifest = manifest


def _check_seal(found: Findings) -> None:
    if "manifest.note" not in found.files:
        found.say("manifest.note", "seal", None, "导出时日志密钥不在场,清单未签署")
        return
    opened = found.trust.open(found.take("manifest.note"))
    digest = hashlib.sha256(found.files["manifest.json"]).hexdigest()
    told = f"{FORMAT}\n{found.manifest['order']}\n{digest}\n"
    names = {f"{book['origin']}/bundle" for book in found.manifest["books"]}
    found.say("manifest.note", "seal", opened.text == told and not names.isdisjoint(opened.signers))


def _check_book(found: Findings, path: str, told: dict[str, Any]) -> None:
    half = told["half"]
    opened = found.trust.open(found.take(path))
    read = note.parse_checkpoint(opened.text)
    good = (read.origin, read.size) == (told["origin"], told["size"])
    good = good and opened.is_by_log(read.origin)
    found.say(path, "checkpoint", good, f"{read.origin} 共 {read.size} 条")
    if not good:
        return
    found.books[half] = Book(read.origin, read.size, read.root)
    standing.check_others(found, half, path)
    for folder in ("entries", "keys", "heads"):
        for index in told.get(folder, []):
            entry = f"books/{half}/{folder}/{index:012d}.json"
            found.attempt(entry, "entry", _check_entry, found, entry, half, index, folder)
    standing.check_stamps(found, half, path)


def _check_entry(found: Findings, path: str, half: str, index: int, folder: str) -> None:
    body, book = found.take(path), found.books[half]
    proof = note.parse_proof(found.take(f"books/{half}/proofs/{index:012d}.tlog-proof"))
    leaf = merkle.leaf_hash(body)
    good = proof.index == index and proof.checkpoint == found.files[f"books/{half}/checkpoint"]
    good = good and merkle.verify_inclusion(leaf, index, book.size, proof.hashes, book.root)
    found.say(path, "entry", good, f"第 {index} 条")
    found.say(path, "canonical", canonical.is_canonical(body))
    found.attempt(path, "chain", _take_fact, found, path, half, index, folder, body, leaf)


def _take_fact(
    found: Findings, path: str, half: str, index: int, folder: str, body: bytes, leaf: bytes
) -> None:
    fact = parse(body)
    kind, data, place = fact["type"], fact["data"], (half, index)
    if folder == "entries":
        told = (kind, fact["occurred"], fact["actor"]["sub"])
        if not all(isinstance(t, str) for t in told) or not isinstance(data, dict):
            raise InputError("fact", "不是一条事实")
        shown = Shown(path=path, half=half, index=index, leaf=leaf.hex(), fact=fact)
        found.facts.append(shown)
    elif kind == "passkey.added":
        key = Key(place, fact["actor"]["sub"], data.get("key", ""))
        found.added[data["credential"]] = key
    elif kind == "passkey.removed":
        found.removed[data["credential"]] = Key(place, "", "")
    elif kind == "heads.committed":
        found.heads.append((path, fact))


def _check_chain(found: Findings) -> None:
    order, head = found.manifest["order"], ""
    for seq, each in enumerate(found.facts, 1):
        fact = each.fact
        good = (fact["id"], fact["seq"]) == (f"{order}/{seq}", seq)
        found.say(each.path, "chain", good and fact.get("prev", "") == head, fact["id"])
        head = each.leaf
    whole = found.manifest["facts"] == len(found.facts) and found.manifest["head"] == head
    found.say("manifest.json", "chain", whole, f"共 {len(found.facts)} 条,链头 {head[:16]}")


def _check_heads(found: Findings, path: str, fact: dict[str, Any]) -> None:
    """The log said how far this order's stream had come: no fact may be left out."""
    proof = parse(found.take(path.replace(".json", ".map.json")))
    raw = proof["leaf"].encode()
    told, data = parse(raw), fact["data"]
    good = merkle.verify_inclusion(
        merkle.leaf_hash(raw),
        proof["index"],
        data["count"],
        [from_base64(each) for each in proof["hashes"]],
        bytes.fromhex(data["root"]),
    )
    seq = told["seq"]
    same = 0 < seq <= len(found.facts) and found.facts[seq - 1].leaf == told["head"]
    good = good and same and told["order"] == found.manifest["order"]
    found.say(path, "heads", good, f"链头至 {fact['time']} 共 {seq} 项")


def _check_summary(found: Findings) -> None:
    acts = parse(found.take("summary.json"))["acts"]
    found.say("summary.json", "summary", acts == [_act(each) for each in found.facts])


def _act(each: Shown) -> dict[str, Any]:
    fact, actor = each.fact, each.fact["actor"]
    return {
        "grade": actor.get("grade", "C"),
        "half": each.half,
        "index": each.index,
        "occurred": fact["occurred"],
        "recorded": fact["time"],
        "role": actor.get("role", "system"),
        "seq": fact["seq"],
        "subject": actor["sub"],
        "type": fact["type"],
    }
