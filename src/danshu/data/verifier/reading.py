"""Reading a bundle, verifying it, saying the outcome: the end of a bundle's verify.py."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from danshu.data.verifier.checks import Verifier
from danshu.data.verifier.standing import Trust
from danshu.data.verifier.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

# ── 七 读取、判定、说明 ──
FILES_MAX, BYTES_MAX = 10_000, 1_073_741_824


def read_zip(source: IO[bytes]) -> dict[str, bytes]:
    """Read a zip that cannot surprise: no doubled names, no paths that leave it, bounded."""
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        names = [e.filename for e in entries]
        if len(names) != len({n.lower() for n in names}):
            raise ValueError("压缩包内有重名文件")
        if len(names) > FILES_MAX or sum(e.file_size for e in entries) > BYTES_MAX:
            raise ValueError("压缩包超出限制")
        for name in names:
            if re.search(r"^/|\\|:|\0|(^|/)\.{0,2}(/|$)", name):
                raise ValueError(f"路径 {name!r} 越出证据包")
        return {e.filename: archive.read(e) for e in entries}


def verify(source: IO[bytes], texts: Sequence[str]) -> dict[str, Any]:
    """Check a bundle by anchors from outside, or loudly by its own. Exit code in `code`."""
    trust = (
        "outside" if any(re.search(r"^\S+\+[0-9a-f]{8}\+", t, re.M) for t in texts) else "bundle"
    )
    try:
        files = read_zip(source)
        own = [files[n].decode() for n in ("trust/vkeys.txt", "trust/tsa.pem") if n in files]
        found = Verifier(files, Trust(texts if trust == "outside" else [*own, *texts]))
        found.run()
        checks, facts, order = found.checks, found.facts, str(found.manifest.get("order", ""))
    except Exception as error:  # noqa: BLE001 (bytes that are no zip)
        checks = [{"check": "zip", "detail": str(error)[:200], "file": "", "passed": False}]
        facts, order = [], ""
    code = 0 if trust == "outside" and all(c["passed"] for c in checks) else 2
    code = 1 if not facts or any(c["passed"] is False for c in checks) else code
    told = [f["told"] for f in facts]
    return {"checks": checks, "code": code, "facts": told, "order": order, "trust": trust}


def describe(report: dict[str, Any], every: bool = False) -> str:
    """Say the outcome in Chinese: the verdict, who did what, failures by file, what was checked."""
    verdict = ("全部通过", "未通过", "通过,但有未核验的部分")[report["code"]]
    if report["code"] == 2 and report["trust"] == "bundle":
        verdict = "通过,但信任锚取自包内,请用 --trust 从外部核对"
    lines = ["证据包核验:" + verdict, "订单 " + report["order"]]
    for i, (kind, when, who, index) in enumerate(report["facts"], 1):
        lines.append(f"  {i}. {kind}  {when}  {who}  日志第 {index} 条")
    checks = report["checks"]
    for check in checks:
        what, hand = WORDS[check["check"]]
        mark = {True: "✓", False: "✗", None: "?"}[check["passed"]]
        if every or not check["passed"]:
            lines.append(f"{mark} {check['file']}:{what} {check['detail']}〔手工:{hand}〕")
    for name, (what, hand) in WORDS.items():
        of = [c for c in checks if c["check"] == name]
        good = sum(c["passed"] is True for c in of)
        if of and not every:
            lines.append(f"{what}:{good}/{len(of)},例如 {of[0]['file']}〔手工:{hand}〕")
    passed = sum(c["passed"] is True for c in checks)
    lines.append(f"检查 {len(checks)} 项,通过 {passed} 项。")
    lines.append(f"链头为本单第 {len(report['facts'])} 条事实;此后的事实不在本包证明之内。")
    if not any(c["check"] == "stamp" and c["passed"] for c in checks):
        lines.append("没有核验过的第三方时间戳:各时间是服务器或设备所称,只证明先后与未改。")
    lines.append("日志由商家自建,不是中立第三方,也不是区块链;真伪之外,所述是否属实须另行质证。")
    return "\n".join(lines)


def read_anchors(places: Sequence[str]) -> list[str]:
    """Read the texts of trust anchors from files and folders."""
    found = []
    for place in map(Path, places):
        files = sorted(p for p in place.iterdir() if p.is_file()) if place.is_dir() else [place]
        found += [p.read_text("utf-8") for p in files]
    return found


def main(words: list[str]) -> int:
    """Run the command line; gives the exit code."""
    files, anchors, flags = [], [], {w for w in words if w in ("--json", "--all")}
    rest = iter([w for w in words if w not in flags])
    for word in rest:
        if word == "--trust":
            anchors.append(next(rest, ""))
        elif word.startswith("--trust="):
            anchors.append(word[len("--trust=") :])
        else:
            files.append(word)
    if len(files) != 1 or files[0].startswith("-"):
        sys.stderr.write(
            "用法:python3 verify.py 证据包.zip [--trust 文件或目录] [--json] [--all]\n"
        )
        return 1
    with open(files[0], "rb") as source:  # noqa: PTH123
        report = verify(source, read_anchors(anchors))
    text = json.dumps(report, ensure_ascii=False) if "--json" in flags else ""
    sys.stdout.buffer.write((text or describe(report, "--all" in flags)).encode() + b"\n")
    return int(report["code"])
