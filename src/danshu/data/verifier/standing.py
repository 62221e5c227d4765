"""Trust from outside, and who else speaks for a log: a part of verify.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from danshu.data.verifier.primitives import (
    checkpoint,
    from_base64,
    grown,
    open_note,
    parse,
    read_proof,
    sha256,
)
from danshu.data.verifier.tokens import Certificate, Crl, check_receipt, check_token, read_pem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# ── 五 信任锚;谁还为这个日志作证:见证人、时间戳、外部存证 ──
RENDERED = (
    *("README.txt", "verify.py", "verify.html", "存证摘要.html", "存证摘要.pdf"),
    *("trust/vkeys.txt", "trust/tsa.pem"),
)


class Trust:
    """Anchors: vkeys as (name, id) → type‖key; roots, revocation lists, checkpoints held."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.keys: dict[tuple[str, bytes], bytes] = {}
        self.known = [t.encode() for t in texts if "\n\n— " in t]
        self.roots = [Certificate(raw) for t in texts for raw in read_pem(t, "CERTIFICATE")]
        self.crls = [Crl(raw) for t in texts for raw in read_pem(t, "X509 CRL")]
        for text in texts:
            for name, id_, body in re.findall(r"^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$", text, re.M):
                key = from_base64(body)
                # The key of a log signs manifests too, under a name of its own.
                for who in (name, name + "/bundle") if key[0] == 1 else (name,):
                    made = sha256(who.encode() + b"\n" + key)[:4]
                    if len(key) == 33 and (who != name or made.hex() == id_):
                        self.keys[who, made] = key


class Standing:
    """The files of a bundle, what was found about them, and who else speaks for its log."""

    def __init__(self, files: dict[str, bytes], trust: Trust) -> None:
        self.files, self.trust = files, trust
        self.used: set[str] = set(RENDERED)
        self.checks: list[dict[str, Any]] = []
        self.facts: list[dict[str, Any]] = []
        self.books: dict[str, tuple[str, int, bytes]] = {}
        self.keys: dict[str, tuple[str, int, str, str]] = {}
        self.manifest: dict[str, Any] = {}
        self.heads: list[tuple[str, dict[str, Any]]] = []
        self.named: set[str] = set()
        self.by_digest = {p.split(".")[0]: p for p in sorted(files) if "." in p}

    def say(self, file: str, check: str, passed: bool | None, detail: str = "") -> None:
        self.checks.append({"check": check, "detail": detail, "file": file, "passed": passed})

    def get(self, path: str) -> bytes:
        self.used.add(path)
        return self.files[path]

    def attempt(self, file: str, check: str, work: Callable[..., Any], *given: Any) -> Any:
        try:
            return work(*given)
        except Exception as error:  # noqa: BLE001 (whatever a forged file breaks is a finding)
            self.say(file, check, False, f"{type(error).__name__}: {error}"[:200])
            return None

    def check_growth(self, half: str, old: int, old_root: bytes, check: str, file: str) -> None:
        """Hold a checkpoint that somebody saw against the one of this bundle."""
        _, size, root = self.books[half]
        path = f"books/{half}/consistency/{old}-{size}.txt"
        proof: list[bytes] = []
        if old < size and check in ("known", "deposit") and path not in self.files:
            self.say(file, check, None, f"包内没有 {old}→{size} 的一致性证明")
            return
        if old < size:
            told, proof, below = read_proof(self.get(path), "old ")
            if told != old or below != self.files[f"books/{half}/checkpoint"]:
                raise ValueError("一致性证明属于别的检查点")
        same = grown(old, size, old_root, root, proof)
        self.say(file, check, same, f"{old}→{size}" + (",日志回退" if old > size else ""))

    def check_witness(self, path: str, text: str) -> None:
        """Hold the witnesses' lines (C2SP tlog-cosignature, type 4) against this checkpoint."""
        file = path + ".cosigned"
        told, signers, unknown = open_note(self.get(file), self.trust.keys)
        if told != text:
            raise ValueError("见证的是别的检查点")
        for name, (kind, time_s) in sorted(signers.items()):
            if kind == 4:
                self.say(file, "witness", True, f"{name} 于 {time_s}(Unix 秒)")
        if unknown:
            self.say(file, "witness", None, f"{unknown} 个签名的公钥不在信任锚内")

    def check_earlier(self, path: str, half: str) -> None:
        """An earlier checkpoint that was stamped before the witness came."""
        raw = self.get(path)
        text, signers, _ = open_note(raw, self.trust.keys)
        origin, size, root = checkpoint(text)
        ours = signers.get(origin, (0, 0))[0] == 1 and origin == self.books[half][0]
        self.say(path, "checkpoint", ours, f"{origin} 共 {size} 条")
        self.check_growth(half, size, root, "growth", path)
        self.check_stamps(path, raw)

    def check_stamps(self, path: str, raw: bytes) -> None:
        for stamp in sorted(p for p in self.files if p.startswith(path) and p.endswith(".tsr")):
            self.attempt(stamp, "stamp", self.check_stamp, stamp, raw)

    def check_stamp(self, path: str, raw: bytes) -> None:
        wanted, trust = "sm3" if ".sm3." in path else "sha256", self.trust
        found, about = check_token(self.get(path), raw, wanted, trust.roots, trust.crls)
        self.say(path, "stamp", *found)
        if about is not None:
            self.say(path, "revocation", *about)

    def take_list(self, path: str) -> None:
        raw = self.get(path)
        self.trust.crls.append(Crl(raw))
        self.say(path, "crl", path == f"trust/crls/{sha256(raw).hex()}.crl")

    def check_deposit(self, path: str) -> None:
        """What a deposit stands for: checkpoints of this very log."""
        told = parse(self.get(path))
        good = path == f"anchors/{sha256(self.files[path]).hex()}.json"
        covered = {c["origin"]: c for c in told["checkpoints"]}
        mine = [h for h in sorted(self.books) if self.books[h][0] in covered]
        if not good or told["format"] != "danshu/anchor/1" or not mine:
            self.say(path, "deposit", False, "存证说的不是本日志")
        for half in mine:
            found = covered[self.books[half][0]]
            size, root = found["size"], bytes.fromhex(found["root"])
            if size > self.books[half][1]:
                self.check_later(path, half, size, root, "deposit")
            else:
                self.check_growth(half, size, root, "deposit", path)

    def check_later(self, path: str, half: str, size: int, root: bytes, check: str) -> None:
        """It was signed after: the bundle's checkpoint must be a beginning of it."""
        origin, mine, my_root = self.books[half]
        file = f"books/{half}/consistency/{mine}-{size}.txt"
        if file not in self.files:
            self.say(path, check, None, f"包内没有 {mine}→{size} 的一致性证明")
            return
        old, proof, below = read_proof(self.get(file), "old ")
        text, signers, _ = open_note(below, self.trust.keys)
        good = signers.get(origin, (0, 0))[0] == 1 and checkpoint(text) == (origin, size, root)
        good = good and old == mine and grown(mine, size, my_root, root, proof)
        self.say(path, check, good, f"{mine}→{size}")

    def check_anchor(self, path: str) -> None:
        """A receipt names a digest; the platform's signature says that it took it in."""
        told = parse(self.get(path))
        signed = f"anchors/{told['digest']}.jws"
        period = parse(self.get(f"anchors/{told['digest']}.json"))["period"]
        if path != f"anchors/{told['digest']}.receipt.json" or told["period"] != period:
            self.say(path, "anchor", False, "回执说的是别的存证")
        elif signed not in self.files:
            self.say(
                path,
                "anchor",
                None,
                f"平台没有给签名的回执,凭编号 {told['evidence_no']} 到该平台查验",
            )
        else:
            trust = self.trust
            found, about = check_receipt(self.get(signed), told, trust.roots, trust.crls)
            self.say(path, "anchor", *found)
            if about is not None:
                self.say(path, "revocation", *about)
