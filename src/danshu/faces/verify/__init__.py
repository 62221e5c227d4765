"""Verify an evidence bundle offline, with the kernel's own trees, notes and canonical bytes.

The checks are those that the bundle's own verify.py makes (danshu/data/verifier), and nothing of
its code: here stand the kernel and `cryptography`, there plain Python, so that neither has to be
believed alone. One table of forgeries holds both to the same findings, file by file. Only what a
check is called is shared. Exit codes: 0 everything passed; 1 something failed; 2 passed, but a part
could not be checked, or the trust anchor came out of the bundle itself.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from msgspec import Struct

from danshu.data.verifier.words import WORDS
from danshu.faces.verify.checks import check_bundle
from danshu.faces.verify.findings import Check
from danshu.faces.verify.reading import read_zip
from danshu.faces.verify.trust import Trust, has_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PASSED, FAILED, PARTLY = 0, 1, 2
OWN_TRUST = PARTLY
_VERDICTS = ("全部通过", "未通过", "通过,但有未核验的部分")
_OWN = "通过,但信任锚取自包内,请用 --trust 从外部核对"
_MARKS = {True: "✓", False: "✗", None: "?"}
_CARRIED = ("trust/vkeys.txt", "trust/tsa.pem")


class Report(Struct, frozen=True, kw_only=True):
    """The outcome. `facts` are (type, when, who, leaf index) in the order of the stream."""

    order: str
    checks: tuple[Check, ...]
    facts: tuple[tuple[str, str, str, int], ...]
    trust: str  # outside | bundle
    code: int


def verify(source: IO[bytes], trusted: Sequence[str] = ()) -> Report:
    """Check a bundle by anchors from outside (texts of vkeys, PEM roots and revocation lists,
    checkpoints held), or loudly by its own.

    Never raises for what is in the bundle: whatever is wrong with it becomes a failed check.
    """
    outside = any(has_keys(text) for text in trusted)
    try:
        files = read_zip(source)
        own = [] if outside else [files[n].decode() for n in _CARRIED if n in files]
        found = check_bundle(files, Trust([*own, *trusted]))
    except Exception as error:  # noqa: BLE001 (bytes that are no zip)
        what, by_hand = WORDS["zip"]
        told = str(error)[:200]
        broken = Check(file="", check="zip", what=what, by_hand=by_hand, passed=False, detail=told)
        return Report(
            order="",
            checks=(broken,),
            facts=(),
            trust="outside" if outside else "bundle",
            code=FAILED,
        )
    passed = [check.passed for check in found.checks]
    code = PASSED if outside and all(passed) else PARTLY
    return Report(
        order=str(found.manifest.get("order", "")),
        checks=tuple(found.checks),
        facts=tuple(
            [
                (e.fact["type"], e.fact["occurred"], e.fact["actor"]["sub"], e.index)
                for e in found.facts
            ]
        ),
        trust="outside" if outside else "bundle",
        code=FAILED if False in passed or not found.facts else code,
    )


def describe(report: Report, every: bool = False) -> str:
    """Say the outcome in Chinese, so that a person can check each line by hand."""
    own = report.code == PARTLY and report.trust == "bundle"
    lines = ["证据包核验:" + (_OWN if own else _VERDICTS[report.code]), f"订单 {report.order}"]
    for nth, (kind, when, who, index) in enumerate(report.facts, 1):
        lines.append(f"  {nth}. {kind}  {when}  {who}  日志第 {index} 条")
    for check in report.checks:
        if every or not check.passed:
            told = f"{check.file}:{check.what} {check.detail}〔手工:{check.by_hand}〕"
            lines.append(f"{_MARKS[check.passed]} {told}")
    if not every:
        lines += _sum_up(report)
    passed = sum(check.passed is True for check in report.checks)
    lines.append(f"检查 {len(report.checks)} 项,通过 {passed} 项。")
    lines.append(f"链头为本单第 {len(report.facts)} 条事实;此后的事实不在本包证明之内。")
    if not any(check.check == "stamp" and check.passed for check in report.checks):
        lines.append("没有核验过的第三方时间戳:各时间是服务器或设备所称,只证明先后与未改。")
    lines.append("日志由商家自建,不是中立第三方,也不是区块链;真伪之外,所述是否属实须另行质证。")
    return "\n".join(lines)


def _sum_up(report: Report) -> list[str]:
    lines = []
    for name, (what, by_hand) in WORDS.items():
        of_kind = [check for check in report.checks if check.check == name]
        good = sum(check.passed is True for check in of_kind)
        if of_kind:
            told = f"{what}:{good}/{len(of_kind)},例如 {of_kind[0].file}"
            lines.append(f"{told}〔手工:{by_hand}〕")
    return lines


def read_anchors(places: Sequence[Path]) -> list[str]:
    """Read the texts of trust anchors from files and folders."""
    files: list[Path] = []
    for place in places:
        inside = sorted(p for p in place.iterdir() if p.is_file()) if place.is_dir() else [place]
        files += inside
    return [file.read_text("utf-8") for file in files]
