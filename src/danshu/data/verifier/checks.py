"""What is checked of an evidence bundle evb/1, in order: a part of verify.py.

`danshu verify` does the same by code of its own (danshu/faces/verify).
"""

from __future__ import annotations

import json
from typing import Any

from danshu.data.verifier.primitives import (
    by_cose,
    checkpoint,
    from_base64,
    from_base64url,
    included,
    is_canonical,
    leaf_hash,
    open_note,
    parse,
    read_proof,
    sha256,
    sm3,
)
from danshu.data.verifier.standing import Standing

# ── 六 核验 ──
ERASURES = ("vault.erased", "evidence.erased")


def seq_folder(fact: dict[str, Any]) -> str:
    """Give where under disclosed/ a fact's originals lie: the first's in no folder of their own."""
    return "" if fact["seq"] == 1 else str(fact["seq"])


class Verifier(Standing):
    """Checks the files of a bundle; nothing in them makes it raise."""

    def run(self) -> None:
        self.attempt("manifest.json", "manifest", self.check_manifest)
        self.attempt("manifest.note", "seal", self.check_seal)
        for path in sorted(p for p in self.files if p.startswith("trust/crls/")):
            self.attempt(path, "crl", self.take_list, path)
        for book in self.manifest.get("books", []):
            path = f"books/{book.get('half')}/checkpoint"
            self.attempt(path, "checkpoint", self.check_book, path, book)
        self.attempt("manifest.json", "chain", self.check_stream)
        for path, fact in self.heads:
            self.attempt(path, "heads", self.check_heads, path, fact)
        self.attempt("disclosed", "disclosed", self.check_disclosed)
        for each in self.facts:
            fact = each["fact"]
            self.attempt(each["path"], "media", self.check_media, each, fact)
            if fact["type"] == "action.performed":
                self.attempt(each["path"], "statement", self.check_act, each, fact)
            elif fact["type"] == "route.overridden":
                self.attempt(each["path"], "statement", self.check_override, each, fact)
            elif fact["type"] == "promise.made":
                self.attempt(each["path"], "contract", self.check_promises, each, fact)
        self.attempt("summary.json", "summary", self.check_summary)
        for path in sorted(p for p in self.files if p.startswith("anchors/")):
            if path.endswith(".receipt.json"):
                self.attempt(path, "anchor", self.check_anchor, path)
            elif path.endswith(".json"):
                self.attempt(path, "deposit", self.check_deposit, path)
        for path in sorted(set(self.files) - self.used):
            self.say(path, "stray", False)

    def check_manifest(self) -> None:
        manifest = parse(self.get("manifest.json"))
        listed = {f["path"]: f for f in manifest["files"]}
        odd = sorted(set(listed) ^ (set(self.files) - {"manifest.json", "manifest.note"}))
        if manifest["format"] != "evb/1" or odd or len(listed) != len(manifest["files"]):
            self.say("manifest.json", "manifest", False, "、".join(odd[:5]) or "格式不认识")
        for path in sorted(set(listed) & set(self.files)):
            data, told = self.files[path], listed[path]
            same = told["sha256"] == sha256(data).hex() and told["bytes"] == len(data)
            self.say(path, "manifest", same and told["sm3"] == sm3(data).hex())
        self.manifest = manifest

    def check_seal(self) -> None:
        if "manifest.note" not in self.files:
            self.say("manifest.note", "seal", None, "导出时日志密钥不在场,清单未签署")
            return
        text, signers, _ = open_note(self.get("manifest.note"), self.trust.keys)
        digest = sha256(self.files["manifest.json"]).hex()
        wanted = f"evb/1\n{self.manifest['order']}\n{digest}\n"
        names = {b["origin"] + "/bundle" for b in self.manifest["books"]}
        self.say("manifest.note", "seal", text == wanted and bool(names & set(signers)))

    def check_book(self, path: str, book: dict[str, Any]) -> None:
        half, raw = book["half"], self.get(path)
        text, signers, _ = open_note(raw, self.trust.keys)
        origin, size, root = checkpoint(text)
        ours = signers.get(origin, (0, 0))[0] == 1 and [origin, size] == [
            book["origin"],
            book["size"],
        ]
        self.say(path, "checkpoint", ours, f"{origin} 共 {size} 条")
        if not ours:
            return
        self.books[half] = (origin, size, root)
        if path + ".cosigned" in self.files:
            self.attempt(path + ".cosigned", "witness", self.check_witness, path, text)
        for held in self.trust.known:
            other, old, old_root = checkpoint(open_note(held, self.trust.keys)[0])
            if other == origin and f"books/{half}/consistency/{size}-{old}.txt" in self.files:
                self.attempt(path, "known", self.check_later, path, half, old, old_root, "known")
            elif other == origin:
                self.attempt(path, "known", self.check_growth, half, old, old_root, "known", path)
        for folder in ("entries", "keys", "heads"):
            for index in book.get(folder, []):
                entry = f"books/{half}/{folder}/{index:012d}.json"
                body = self.attempt(entry, "entry", self.check_entry, entry, half, index)
                if body is not None:
                    self.attempt(entry, "chain", self.take, folder, entry, half, index, body)
        self.check_stamps(path, raw)
        if f"books/{half}/stamped/checkpoint" in self.files:
            path = f"books/{half}/stamped/checkpoint"
            self.attempt(path, "growth", self.check_earlier, path, half)

    def check_entry(self, path: str, half: str, index: int) -> bytes:
        body, checkpoint = self.get(path), self.files[f"books/{half}/checkpoint"]
        proof = self.get(f"books/{half}/proofs/{index:012d}.tlog-proof")
        told, hashes, below = read_proof(proof, "index ")
        _, size, root = self.books[half]
        leaf = leaf_hash(body)
        good = told == index and below == checkpoint
        good = good and included(leaf, index, size, hashes, root)
        self.say(path, "entry", good, f"第 {index} 条")
        self.say(path, "canonical", is_canonical(body))
        return body

    def take(self, folder: str, path: str, half: str, index: int, body: bytes) -> None:
        fact = parse(body)
        if folder == "entries":
            leaf = leaf_hash(body).hex()
            told = [fact["type"], fact["occurred"], fact["actor"]["sub"]]
            if not all(isinstance(t, str) for t in told) or not isinstance(fact["data"], dict):
                raise ValueError("不是一条事实")
            each = {"fact": fact, "half": half, "index": index, "leaf": leaf, "path": path}
            self.facts.append({**each, "told": [*told, index]})
        elif fact["type"] == "passkey.added":
            key = (half, index, fact["actor"]["sub"], fact["data"].get("key", ""))
            self.keys[fact["data"]["credential"]] = key
        elif fact["type"] == "heads.committed":
            self.heads.append((path, fact))
        elif fact["type"] == "passkey.removed":
            self.keys[fact["data"]["credential"] + "/removed"] = (half, index, "", "")

    def check_stream(self) -> None:
        before, order = "", self.manifest["order"]
        for seq, each in enumerate(self.facts, 1):
            fact = each["fact"]
            good = fact["id"] == f"{order}/{seq}" and fact["seq"] == seq
            self.say(each["path"], "chain", good and fact.get("prev", "") == before, fact["id"])
            before = each["leaf"]
        whole = [len(self.facts), before] == [self.manifest["facts"], self.manifest["head"]]
        self.say("manifest.json", "chain", whole, f"共 {len(self.facts)} 条,链头 {before[:16]}")

    def check_heads(self, path: str, fact: dict[str, Any]) -> None:
        """The log said at a time how far this order's stream had come: none may be left out."""
        proof = parse(self.get(path.replace(".json", ".map.json")))
        leaf, data = parse(proof["leaf"].encode()), fact["data"]
        hashes = [from_base64(h) for h in proof["hashes"]]
        made = leaf_hash(proof["leaf"].encode())
        root, count = bytes.fromhex(data["root"]), data["count"]
        good = included(made, proof["index"], count, hashes, root)
        good = good and leaf["order"] == self.manifest["order"]
        seq = leaf["seq"]
        same = 0 < seq <= len(self.facts) and self.facts[seq - 1]["leaf"] == leaf["head"]
        self.say(path, "heads", good and same, f"链头至 {fact['time']} 共 {seq} 项")

    def check_disclosed(self) -> None:
        for path in sorted(p for p in self.files if p.startswith("disclosed/")):
            folder, _, name = path.rpartition("/")
            if name == "salt.hex":
                continue
            no = folder[len("disclosed/") :]  # of the fact that committed to it, none of the first
            said = [f["fact"] for f in self.facts if seq_folder(f["fact"]) == no]
            told = [e for f in said for e in f.get("evidence", []) if e["kind"] == name]
            salt = bytes.fromhex(self.get(folder + "/salt.hex").decode())
            labels = [b"person", b"receiver"] if name == "receiver" else [name.encode()]
            made = [sha256(b"danshu/vault/1\0" + n + b"\0" + salt + self.get(path)) for n in labels]
            self.say(path, "disclosed", any(e["digest"] == m.hex() for e in told for m in made))

    def check_named(
        self, folder: str, suffix: str, digest: str, check: str, each: dict[str, Any]
    ) -> bytes | None:
        """Find a file under its digest; one that is missing must have been erased by a fact."""
        wanted = folder + digest
        path = self.by_digest.get(wanted, "")
        path = path if path.endswith(suffix) else ""
        if path:
            data = self.get(path)
            same = sha256(data).hex() == digest
            if path not in self.named:
                self.named.add(path)
                self.say(path, check, same)
            return data if same else None
        gone = {g["digest"]: g for g in self.manifest.get("absent", [])}.get(digest)
        basis = [f["fact"] for f in self.facts if f["fact"]["type"] in ERASURES]
        basis = [f for f in basis if f["seq"] > each["fact"]["seq"]]
        if gone and gone["reason"] == "erased" and basis:
            told = basis[-1]["data"].get("basis", "")
            self.say(each["path"], check, True, f"{wanted} 已依请求删除({told}),摘要与证明仍有效")
        elif gone and gone["reason"] == "not_kept" and check in ("media", "contract"):
            self.say(each["path"], check, None, f"{wanted} 未附原件,只有摘要")
        else:
            self.say(each["path"], check, False, f"缺少 {wanted}")
        return None

    def check_promises(self, each: dict[str, Any], fact: dict[str, Any]) -> None:
        for item in fact["data"]["promises"]:
            self.check_named("contract/", ".json", item["definition"], "contract", each)
            self.check_named("contract/", ".txt", item["text"], "contract", each)

    def check_media(self, each: dict[str, Any], fact: dict[str, Any]) -> None:
        erased = any(f["fact"]["type"] in ERASURES for f in self.facts)
        place = seq_folder(fact)
        place = place and place + "/"
        for item in fact.get("evidence", []):
            kind = item["kind"]
            if not item.get("salted") and kind not in ("statement", "signature"):
                data = self.check_named("media/", "", item["digest"], "media", each)
                if data is not None and len(data) != item.get("size", len(data)):
                    self.say(each["path"], "media", False, f"{kind} 的长度不符")
            elif item.get("salted") and erased and f"disclosed/{place}{kind}" not in self.files:
                self.say(each["path"], "disclosed", True, f"{kind} 已依请求删除,承诺摘要仍在")

    def check_act(self, each: dict[str, Any], fact: dict[str, Any]) -> None:
        data, file = fact["data"], each["path"]
        self.check_named("contract/", ".json", data["definition"], "contract", each)
        raw = self.check_named("statements/", ".json", data["statement"], "statement", each)
        graded = fact["actor"].get("grade", "C") == "A"
        if graded and not data.get("signature"):
            self.say(file, "signature", False, "等级 A 而没有签名")
        if raw is None:
            return
        told = parse(raw)
        wanted = (data["action"], data["version"], data["definition"], self.manifest["order"])
        same = (told["action"], told["version"], told["definition"], told["order"]) == wanted
        items = [(e["digest"], e["kind"], e.get("size", 0)) for e in fact.get("evidence", [])]
        whole = all((e["digest"], e["kind"], e["size"]) in items for e in told["evidence"])
        mine = told["subject"] == fact["actor"]["sub"]
        self.say(
            file, "statement", same and whole and mine, f"{told['subject']}:{told['shown'][:40]}"
        )
        self.check_after(file, each, told["after"])
        if data.get("signature"):
            raw_record = self.check_named(
                "signatures/", ".json", data["signature"], "signature", each
            )
            if raw_record is not None:
                self.check_signature(each, fact["actor"]["sub"], raw, parse(raw_record))

    def check_override(self, each: dict[str, Any], fact: dict[str, Any]) -> None:
        data = fact["data"]
        self.check_hand(each, data, data["statement"], data["signature"], fact["actor"]["sub"])
        if data.get("second"):
            hand = (data["confirmed"], data["countersigned"], data["second"])
            self.check_hand(each, data, *hand)

    def check_hand(
        self, each: dict[str, Any], data: dict[str, Any], digest: str, signature: str, subject: str
    ) -> None:
        raw = self.check_named("statements/", ".json", digest, "statement", each)
        if raw is None:
            return
        told = parse(raw)
        body, file = told["body"], each["path"]
        wanted = ("route_override", self.manifest["order"], subject)
        same = (told["action"], told["order"], told["subject"]) == wanted
        same = same and all(body[n] == data[n] for n in ("note", "reason", "to", "was"))
        same = same and body["decision"] == data.get("decision", "")
        same = same and body["lifted"] == data.get("lifted", [])
        self.say(file, "statement", same, f"{told['subject']}:{told['shown'][:40]}")
        self.check_after(file, each, told["after"])
        record = self.check_named("signatures/", ".json", signature, "signature", each)
        if record is not None:
            self.check_signature(each, subject, raw, parse(record))

    def check_after(self, file: str, each: dict[str, Any], after: dict[str, Any]) -> None:
        half = next((h for h, b in self.books.items() if b[0] == after["origin"]), "")
        if after["size"] and not half:
            self.say(file, "after", None, f"包内没有 {after['origin']} 的检查点")
        elif after["size"]:
            if half == each["half"] and after["size"] > each["index"]:
                raise ValueError("陈述所见的检查点晚于它自己入账")
            self.check_growth(half, after["size"], bytes.fromhex(after["root"]), "after", file)

    def check_signature(
        self, each: dict[str, Any], subject: str, statement: bytes, record: dict[str, Any]
    ) -> None:
        """W3C WebAuthn level 3 §7.2, over the statement's own bytes."""
        file = each["path"]
        client, made, key, signature = (
            from_base64url(record[n])
            for n in ("client_data", "authenticator_data", "public_key", "signature")
        )
        told = json.loads(client.decode())
        reasons = {
            "不是一次签署": told["type"] == "webauthn.get",
            "签的不是这份陈述": from_base64url(told["challenge"]) == sha256(statement),
            "不是这个网站": made[:32] == sha256(record["rp_id"].encode()),
            "无人在场或未验证本人(UP、UV)": made[32] & 5 == 5,
            "公钥与摘要不符": sha256(key).hex() == record["key"],
            "签名不成立": bool(by_cose(key, made + sha256(client), signature)),
        }
        wrong = [why for why, good in reasons.items() if not good]
        synced = "可同步的密钥(BE=1)" if made[32] & 8 else "不可同步的密钥(BE=0)"
        self.say(file, "signature", not wrong, ";".join(wrong) or f"{told['origin']},{synced}")
        known = self.keys.get(record["credential"])
        removed = self.keys.get(record["credential"] + "/removed")
        here = (each["half"], each["index"])
        if known is None:
            self.say(file, "key", None, "包内没有这把钥匙的登记事实")
            return
        good = known[:2] < here and known[2] == subject and known[3] in ("", record["key"])
        self.say(
            file, "key", good and not (removed and removed[:2] < here), f"第 {known[1]} 条登记"
        )

    def check_summary(self) -> None:
        acts = parse(self.get("summary.json"))["acts"]
        wanted = [
            {
                "grade": f["fact"]["actor"].get("grade", "C"),
                "half": f["half"],
                "index": f["index"],
                "occurred": f["fact"]["occurred"],
                "recorded": f["fact"]["time"],
                "role": f["fact"]["actor"].get("role", "system"),
                "seq": f["fact"]["seq"],
                "subject": f["fact"]["actor"]["sub"],
                "type": f["fact"]["type"],
            }
            for f in self.facts
        ]
        self.say("summary.json", "summary", acts == wanted)
