"""存证摘要: who did what when, what was promised and kept, what the proofs show and do not show.

Everything on it follows from the bundle's own files, so the same log gives the same page. It is in
Chinese: it is read before Chinese courts. Texts of law await counsel (待法务核对) and say so.
"""

from __future__ import annotations

import datetime
import functools
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
import msgspec
import segno
from markupsafe import Markup

from danshu.capabilities.contract.model import State
from danshu.capabilities.contract.views import STATES
from danshu.hub.bundle_law import law_rows, limits_of
from danshu.hub.timeline_words import GRADES, ROLES, TOLD
from danshu.kernel import note
from danshu.kernel.fact import epoch_ms, rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.bundle_parts import HeadEntry, Kept, Standing, Told

_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_FOLDER: Final = resources.files("danshu") / "data" / "summary"
_ENDS: Final = {
    "promise.kept": State.KEPT,
    "promise.broken": State.BROKEN,
    "promise.late": State.LATE,
    "promise.borderline": State.BORDERLINE,
    "promise.superseded": State.SUPERSEDED,
    "promise.started": State.RUNNING,
    "promise.paused": State.PAUSED,
    "promise.resumed": State.RUNNING,
}
_UNITS: Final = ((86_400_000, "天"), (3_600_000, "时"), (60_000, "分"), (1_000, "秒"))


def instant(at: str) -> str:
    """Write an RFC 3339 instant by China's clock, with the offset; "" stays "—"."""
    if not at:
        return "—"
    moment = datetime.datetime.fromtimestamp(epoch_ms(at) / 1000, _CHINA)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} +08:00"


def groups(digest: str) -> str:
    """Write a digest in groups of four."""
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def span(ms: int) -> str:
    """Write a stretch of time in its two largest units."""
    left = abs(ms)
    parts: list[str] = []
    for size, word in _UNITS:
        n, left = divmod(left, size)
        if n or parts:
            parts.append(f"{n} {word}")
    return " ".join(parts[:2]) or "不到 1 秒"


def lay_out(
    head: dict[str, Any],
    facts: Sequence[Told],
    kept: Kept,
    heads: HeadEntry | None,
    files: dict[str, bytes],
    standing: Standing,
) -> dict[str, Any]:
    """Lay out the summary of a bundle; `acts` is what the verifiers compare with the facts."""
    grades: dict[str, int] = {}
    for told in facts:
        grade = told.fact["actor"].get("grade", "C")
        grades[grade] = grades.get(grade, 0) + 1
    signed = [_signed(t, kept) for t in facts if t.type == "action.performed"]
    sheet: dict[str, Any] = {
        "absent": head["absent"],
        "acts": [_act(t) for t in facts],
        "books": [_book(b, files) for b in head["books"]],
        "erased": _erased(facts),
        "facts": head["facts"],
        "grades": dict(sorted(grades.items())),
        "head": head["head"],
        "head_groups": groups(head["head"]),
        "heads": {"at": instant(heads.fact.fact["time"]), "facts": head["facts"]}
        if heads
        else None,
        "lowest": max(grades),
        "number": facts[0].fact["data"].get("number", ""),
        "order": head["order"],
        "promises": _promises(facts, kept),
        "shown": [_shown(t, files) for t in facts],
        "signed": signed,
        "standing": _standing(standing),
    }
    sheet["law"] = law_rows(sheet)
    sheet["limits"] = limits_of(sheet)
    sheet["grade_notes"] = [[g, GRADES[g].zh] for g in sorted(grades) if g in GRADES]
    return sheet


def _act(told: Told) -> dict[str, Any]:
    fact, actor = told.fact, told.fact["actor"]
    return {
        "grade": actor.get("grade", "C"),
        "half": told.place[0],
        "index": told.place[1],
        "occurred": fact["occurred"],
        "recorded": fact["time"],
        "role": actor.get("role", "system"),
        "seq": fact["seq"],
        "subject": actor["sub"],
        "type": fact["type"],
    }


def _shown(told: Told, files: dict[str, bytes]) -> dict[str, Any]:
    """Give a line of who-what-when as a person reads it."""
    fact, actor = told.fact, told.fact["actor"]
    words = TOLD.get(told.type)
    title = words.title.zh if words else told.type
    if told.type == "action.performed":
        title = _name(files, fact["data"]["definition"], fact["data"]["action"])
    role = actor.get("role", "system")
    claimed = not fact.get("clock", "server").startswith("server")
    return {
        "claimed": claimed,
        "grade": actor.get("grade", "C"),
        "leaf": groups(told.leaf),
        "occurred": instant(fact["occurred"]) if fact["occurred"] != fact["time"] else "",
        "place": f"日志 {told.place[0]} 第 {told.place[1]} 条",
        "seq": fact["seq"],
        "time": instant(fact["time"]),
        "title": title,
        "who": f"{ROLES[role].zh if role in ROLES else role}({_short(actor['sub'])})",
    }


def _short(sub: str) -> str:
    kind, _, rest = sub.partition(":")
    return f"人员 {rest[:8]}…" if kind == "person" else sub


def _name(files: dict[str, bytes], definition: str, code: str) -> str:
    raw = files.get(f"contract/{definition}.json")
    return str(msgspec.json.decode(raw)["name"]["zh"]) if raw else code


def _signed(told: Told, kept: Kept) -> dict[str, Any]:
    """Give a contract action: what was stated, how it was signed."""
    data = told.fact["data"]
    said = kept.statements.get(data["statement"], {})
    record = kept.records.get(data.get("signature", ""), {})
    return {
        "action": f"{data['action']}@{data['version']}",
        "alg": record.get("alg", ""),
        "duration": span(data.get("duration_ms", 0)),
        "evidence": len(told.fact.get("evidence", ())),
        "grade": told.fact["actor"].get("grade", "C"),
        "key": groups(record.get("key", "")),
        "seq": told.fact["seq"],
        "shown": said.get("shown", "陈述已依请求删除，摘要仍在"),
        "signature": groups(data.get("signature", "")),
        "statement": groups(data["statement"]),
        "synced": bool(record) and _is_synced(record["authenticator_data"]),
        "time": instant(told.fact["time"]),
    }


def _is_synced(authenticator_data: str) -> bool:
    raw = msgspec.convert(
        authenticator_data.replace("-", "+").replace("_", "/")
        + "=" * (-len(authenticator_data) % 4),
        bytes,
    )
    return bool(raw[32] & 8)


def _promises(facts: Sequence[Told], kept: Kept) -> list[dict[str, Any]]:
    """Follow each promise through the facts to its verdict and gap, in the engine's words."""
    found: dict[str, dict[str, Any]] = {}
    for told in facts:
        data = told.fact["data"]
        if told.type == "promise.made":
            for pin in data["promises"]:
                state = State.RUNNING if pin.get("started") else State.PENDING
                found[pin["code"]] = {
                    "code": f"{pin['code']}@{pin['version']}",
                    "definition": groups(pin["definition"]),
                    "due": pin.get("due", ""),
                    "gap": "",
                    "state": STATES[state][0],
                    "text": kept.texts.get(pin["code"], "条款文本未附，只有摘要"),
                }
        elif told.type.startswith("promise.") and data.get("code") in found:
            _follow(found[data["code"]], told.type, data)
    for promise in found.values():
        promise["due"] = instant(promise["due"])
    return list(found.values())


def _follow(promise: dict[str, Any], kind: str, data: dict[str, Any]) -> None:
    state = _ENDS.get(kind)
    if kind in ("promise.ruled", "promise.corrected"):
        state = State(data["verdict"]) if data["verdict"] in list(State) else None
    if state is not None:
        promise["state"] = STATES[state][0]
    if data.get("self_declared"):
        promise["state"] += "·自述"
    if data.get("due"):
        promise["due"] = data["due"]
    if data.get("gap_ms") is not None and kind != "promise.compared":
        gap = data["gap_ms"]
        promise["gap"] = f"{'晚' if gap > 0 else '提前'} {span(gap)}"


def _erased(facts: Sequence[Told]) -> list[dict[str, Any]]:
    return [
        {
            "basis": t.fact["data"].get("basis", ""),
            "seq": t.fact["seq"],
            "time": instant(t.fact["time"]),
        }
        for t in facts
        if t.type in ("vault.erased", "evidence.erased")
    ]


def _book(book: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    raw = files[f"books/{book['half']}/checkpoint"]
    parsed = note.parse(raw)
    checkpoint = note.parse_checkpoint(parsed.text)
    return {
        "origin": checkpoint.origin,
        "root": groups(checkpoint.root.hex()),
        "size": checkpoint.size,
    }


def _standing(standing: Standing) -> dict[str, list[Any]]:
    return {
        "anchors": [
            {"adapter": a.adapter, "no": a.evidence_no, "period": a.period, "tx": a.tx}
            for a in standing.anchors
        ],
        "tokens": [
            {
                "accuracy": f"±{t.accuracy_us / 1e6:g} 秒" if t.accuracy_us else "未声明误差",
                "algorithm": t.algorithm.upper(),
                "authority": t.authority,
                "own": t.own,
                "time": instant(rfc3339(t.gen_us // 1000)),
            }
            for t in standing.tokens
        ],
        "witnesses": list(standing.witnesses),
    }


def render(sheet: dict[str, Any], *, pdf: bool = True) -> dict[str, bytes]:
    """Write the summary as its data, as one page of HTML, and as PDF/A-3b."""
    raw = msgspec.json.encode(sheet, order="sorted")
    code = segno.make(f"evb/1 {sheet['order']} {sheet['head']}", error="m", micro=False)
    html = (
        _environment()
        .get_template("summary.html")
        .render(
            s=sheet,
            qr=Markup(code.svg_inline(border=2, omitsize=True)),
        )
    )
    files = {"summary.json": raw, "存证摘要.html": html.encode()}
    if pdf:
        files["存证摘要.pdf"] = _write_pdf(sheet, code)
    return files


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _FOLDER.joinpath(name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _write_pdf(sheet: dict[str, Any], code: Any) -> bytes:
    """Set the summary; what stands on it goes in as data, never as markup. Fixed date."""
    import pylopdf_fonts_zh_cn
    import typst

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        moment = datetime.datetime.fromtimestamp(
            epoch_ms(sheet["acts"][-1]["recorded"]) / 1000, _CHINA
        )
        day = {"year": moment.year, "month": moment.month, "day": moment.day}
        (folder / "data.json").write_bytes(msgspec.json.encode({**sheet, "date": day}))
        code.save(str(folder / "qr.svg"), kind="svg", border=0)
        (folder / "summary.typ").write_bytes(_FOLDER.joinpath("summary.typ").read_bytes())
        compiler = typst.Compiler(
            str(folder / "summary.typ"),
            root=name,
            font_paths=[str(Path(pylopdf_fonts_zh_cn.__file__).parent)],
            ignore_system_fonts=True,
        )
        made = compiler.compile(format="pdf", pdf_standards=["a-3b"])
    assert isinstance(made, bytes)
    return made
