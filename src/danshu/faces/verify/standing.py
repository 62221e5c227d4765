"""Who else speaks for a log: witnesses, checkpoints held before, time stamps, deposits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from danshu.faces.verify import tokens
from danshu.faces.verify.certificates import Crl
from danshu.faces.verify.findings import Book
from danshu.faces.verify.reading import parse
from danshu.kernel import merkle, note
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.faces.verify.findings import Findings

ANCHOR: Final = "danshu/anchor/1"


def take_lists(found: Findings) -> None:
    """Read the revocation lists of a bundle, each under its own digest."""
    for path in found.under("trust/crls/"):
        found.attempt(path, "crl", _take_list, found, path)


def _take_list(found: Findings, path: str) -> None:
    raw = found.take(path)
    found.trust.crls.append(Crl(raw))
    found.say(path, "crl", path == f"trust/crls/{hashlib.sha256(raw).hexdigest()}.crl")


def check_others(found: Findings, half: str, path: str) -> None:
    """Check what the witness said, and the checkpoints that the verifier held."""
    if path + ".cosigned" in found.files:
        found.attempt(path + ".cosigned", "witness", _check_witness, found, path)
    for raw in found.trust.held:
        held = note.parse_checkpoint(found.trust.open(raw).text)
        book = found.books[half]
        if held.origin != book.origin:
            continue
        told = Book(held.origin, held.size, held.root)
        later = f"books/{half}/consistency/{book.size}-{held.size}.txt" in found.files
        work = check_later if later else check_growth
        found.attempt(path, "known", work, found, half, told, "known", path)


def _check_witness(found: Findings, path: str) -> None:
    file = path + ".cosigned"
    opened = found.trust.open(found.take(file))
    if opened.text != note.parse(found.files[path]).text:
        raise InputError("note", "见证的是别的检查点")
    for name, (kind, time_s) in sorted(opened.signers.items()):
        if kind == note.COSIGNATURE:
            found.say(file, "witness", True, f"{name} 于 {time_s}(Unix 秒)")
    if opened.unknown:
        told = f"{opened.unknown} 个签名的公钥不在信任锚内,用 --trust 给出见证人的 vkey"
        found.say(file, "witness", None, told)


def check_growth(found: Findings, half: str, old: Book, check: str, file: str) -> None:
    """Hold an earlier checkpoint, or the same, against that of the bundle (RFC 6962 §2.1.2)."""
    book = found.books[half]
    proof: tuple[bytes, ...] = ()
    path = f"books/{half}/consistency/{old.size}-{book.size}.txt"
    if old.size < book.size and path not in found.files and check in ("known", "deposit"):
        found.say(file, check, None, f"包内没有 {old.size}→{book.size} 的一致性证明")
        return
    if old.size < book.size:
        growth = note.parse_growth(found.take(path))
        if growth.old_size != old.size or growth.checkpoint != _checkpoint(found, half):
            raise InputError("growth", "一致性证明属于别的检查点")
        proof = growth.hashes
    good = merkle.verify_consistency(old.size, book.size, old.root, book.root, proof)
    told = f"{old.size}→{book.size}" + (",日志回退" if old.size > book.size else "")
    found.say(file, check, good, told)


def check_later(found: Findings, half: str, new: Book, check: str, file: str) -> None:
    """The bundle's checkpoint must be a beginning of a later one, which its log signed too."""
    book = found.books[half]
    path = f"books/{half}/consistency/{book.size}-{new.size}.txt"
    if path not in found.files:
        found.say(file, check, None, f"包内没有 {book.size}→{new.size} 的一致性证明")
        return
    growth = note.parse_growth(found.take(path))
    opened = found.trust.open(growth.checkpoint)
    later = note.parse_checkpoint(opened.text)
    good = opened.is_by_log(book.origin) and growth.old_size == book.size
    good = good and Book(later.origin, later.size, later.root) == new
    good = good and merkle.verify_consistency(
        book.size, new.size, book.root, new.root, growth.hashes
    )
    found.say(file, check, good, f"{book.size}→{new.size}")


def check_stamps(found: Findings, half: str, path: str) -> None:
    """Check the tokens over the checkpoint, and over an earlier one where that was stamped."""
    _check_tokens(found, path)
    earlier = f"books/{half}/stamped/checkpoint"
    if earlier in found.files:
        found.attempt(earlier, "growth", _check_earlier, found, half, earlier)


def _check_tokens(found: Findings, path: str) -> None:
    for file in found.under(path, ".tsr"):
        found.attempt(file, "stamp", _check_token, found, file, found.files[path])


def _check_token(found: Findings, file: str, data: bytes) -> None:
    algorithm = "sm3" if ".sm3." in file else "sha256"
    stamped, about = tokens.check_token(found.take(file), data, algorithm, found.trust)
    found.say_found(file, "stamp", stamped)
    found.say_found(file, "revocation", about)


def _check_earlier(found: Findings, half: str, path: str) -> None:
    opened = found.trust.open(found.take(path))
    told = note.parse_checkpoint(opened.text)
    ours = opened.is_by_log(told.origin) and told.origin == found.books[half].origin
    found.say(path, "checkpoint", ours, f"{told.origin} 共 {told.size} 条")
    old = Book(told.origin, told.size, told.root)
    check_growth(found, half, old, "growth", path)
    _check_tokens(found, path)


def check_deposits(found: Findings) -> None:
    """Check what evidence platforms took in: that it is this log, and their signed receipts."""
    for path in found.under("anchors/"):
        if path.endswith(".receipt.json"):
            found.attempt(path, "anchor", _check_receipt, found, path)
        elif path.endswith(".json"):
            found.attempt(path, "deposit", _check_deposit, found, path)


def _check_deposit(found: Findings, path: str) -> None:
    raw = found.take(path)
    told = parse(raw)
    covered = {each["origin"]: each for each in told["checkpoints"]}
    mine = [h for h, book in sorted(found.books.items()) if book.origin in covered]
    named = path == f"anchors/{hashlib.sha256(raw).hexdigest()}.json"
    if not named or told["format"] != ANCHOR or not mine:
        found.say(path, "deposit", False, "存证说的不是本日志")
    for half in mine:
        each = covered[found.books[half].origin]
        deposited = Book(each["origin"], each["size"], bytes.fromhex(each["root"]))
        later = deposited.size > found.books[half].size
        work = check_later if later else check_growth
        work(found, half, deposited, "deposit", path)


def _check_receipt(found: Findings, path: str) -> None:
    told = parse(found.take(path))
    stem = f"anchors/{told['digest']}"
    if (
        path != f"{stem}.receipt.json"
        or parse(found.take(f"{stem}.json"))["period"] != told["period"]
    ):
        found.say(path, "anchor", False, "回执说的是别的存证")
    elif f"{stem}.jws" not in found.files:
        number = told["evidence_no"]
        found.say(path, "anchor", None, f"平台没有给签名的回执,凭编号 {number} 到该平台查验")
    else:
        taken, about = tokens.check_receipt(found.take(f"{stem}.jws"), told, found.trust)
        found.say_found(path, "anchor", taken)
        found.say_found(path, "revocation", about)


def _checkpoint(found: Findings, half: str) -> bytes:
    return found.files[f"books/{half}/checkpoint"]
