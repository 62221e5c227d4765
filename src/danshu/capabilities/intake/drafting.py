"""What was read becomes a draft with fields, spans, questions and one confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.intake import implied, naming
from danshu.capabilities.intake.finding import Choice
from danshu.capabilities.intake.lines import (
    SURE_ENOUGH,
    UNKNOWN,
    Line,
    Part,
    describe,
    narrow,
    of_kind,
    pick,
    units_of,
)
from danshu.capabilities.intake.lines import candidates as candidates_of
from danshu.kernel.limits import SAID_CHARS
from danshu.ports.modality import (
    Candidate,
    Draft,
    DraftLine,
    Field,
    Intent,
    Parsed,
    Question,
    Repair,
    Span,
)

if TYPE_CHECKING:
    from danshu.capabilities.intake.plain import Plain
    from danshu.capabilities.intake.state import Reading
    from danshu.capabilities.intake.tokens import Token

_COUNT_SURE: Final = 998
_TEXT_SURE: Final = 970
_UNEXPLAINED: Final = 950  # thousandths that are left for each character that nothing explains
_SIZED: Final = ("杯", "号", "码")  # sizes that goods are made in, where nobody keeps them apart
_MISHEARD: Final = 700
_MUCH: Final = 5
_FRACTION: Final = 3


class _Drafting:
    """What is put together."""

    def __init__(self, reader: Reading, said: Plain, pieces: tuple[Span, ...], text: str) -> None:
        self.reader = reader
        self.said = said
        self.pieces = pieces
        self.text = text
        self.heard = any(p.to_ms for p in pieces)
        self.fields: list[Field] = []
        self.questions: list[Question] = []

    def words(self, start: int, end: int) -> str:
        """Give the original's own words of a stretch of the plain text."""
        return self.text[self.said.at[start] : self.said.at[end]].strip()

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Place a stretch of the plain text in the original."""
        return place(self.said.at[start], self.said.at[end], self.pieces)

    def field(
        self, path: str, value: str, confidence: int, at: tuple[int, int], *,
        candidates: tuple[Candidate, ...] = (), reason: str = "",
    ) -> None:  # fmt: skip
        """Add a field."""
        said = Field(
            path=path, value=value, confidence=confidence, said=self.words(*at),
            spans=self.spans(*at), candidates=candidates, reason=reason,
        )  # fmt: skip
        self.fields.append(said)

    def mistrust(self, part: Part) -> Part:
        """Ask about an option that was heard where another allergen sounds like it."""
        lexicon = self.reader.lexicon
        entry = lexicon.by_code[("option", part.code)]
        rivals = lexicon.confusable.get(entry, ()) if self.heard else ()
        if not rivals:
            return part
        listed = candidates_of(
            lexicon, tuple([Choice(e, _MISHEARD, "sounds_alike") for e in (entry, *rivals)])
        )
        return replace(part, sure=min(part.sure, _MISHEARD), candidates=listed)

    def ask(
        self, code: str, path: str, at: tuple[int, int], candidates: tuple[Candidate, ...] = ()
    ) -> None:
        """Add a question."""
        self.questions.append(
            Question(code=code, path=path, said=self.words(*at), candidates=candidates)
        )


def place(start: int, end: int, pieces: tuple[Span, ...]) -> tuple[Span, ...]:
    """Give where characters stand: in the text alone, or in each piece that they touch."""
    touched = [p for p in pieces if p.start < end and start < p.end]
    if not touched:
        return (Span(start=start, end=end),)
    return tuple(
        [
            Span(
                start=max(start, p.start), end=min(end, p.end), from_ms=p.from_ms, to_ms=p.to_ms,
                page=p.page, box=p.box,
            )
            for p in touched
        ]
    )  # fmt: skip


def draft(
    reader: Reading, tokens: list[Token], text: str, said: Plain, pieces: tuple[Span, ...], *,
    used: frozenset[str],
) -> Parsed:  # fmt: skip
    """Put the draft together."""
    made = _Drafting(reader, said, pieces, text)
    if reader.griped or reader.commanded:
        return _nothing(reader, text)
    lines = tuple([_line(made, n, line, used) for n, line in enumerate(reader.lines)])
    places = {kind: _match(made, kind) for kind in ("store", "customer")}
    named = {kind: _named(made, kind) for kind in ("number", "receiver", "phone", "address")}
    remarks = tuple([_remark(made, n, p) for n, p in enumerate(reader.remarks)])
    due = _due(made) if reader.intent is not Intent.CANCEL or lines else 0
    intent, repair = _intent(made, lines)
    if intent is Intent.NONE and not made.questions and not lines:
        return _nothing(reader, text)
    required = _requirements(made, lines) if intent is not Intent.CANCEL and not repair else ()
    drafted = Draft(
        lines=() if repair else lines,
        store=places["store"],
        customer=places["customer"],
        number=named["number"] if intent not in (Intent.CANCEL, Intent.REPLACE) else "",
        receiver=named["receiver"],
        phone=named["phone"],
        address=named["address"],
        due_ms=due,
        total_fen=reader.total[0] if reader.total else -1,
        remarks=remarks,
        requirements=required,
        repair=repair,
        of_order=named["number"] if intent in (Intent.CANCEL, Intent.REPLACE) else "",
    )
    confidence = _confidence(made, tokens, intent, lines)
    return Parsed(
        intent=intent, draft=drafted, fields=tuple(made.fields), confidence=confidence, text=text,
        questions=tuple(made.questions),
    )  # fmt: skip


def _nothing(reader: Reading, text: str) -> Parsed:
    troubles = ("instructions_inside",) if reader.commanded else ()
    return Parsed(
        intent=Intent.NONE, draft=Draft(), fields=(), confidence=0, text=text, troubles=troubles
    )


def _line(made: _Drafting, n: int, line: Line, used: frozenset[str]) -> DraftLine:
    lexicon = made.reader.lexicon
    path = f"/lines/{n}"
    at = (line.start, line.end)
    choices = narrow(lexicon, line, of_kind(lexicon, line.match, "sku"))
    known = lexicon.by_spec
    unfit = [
        s
        for s in line.specs
        if s not in line.used_near and (naming.spell_spec(s) in known or not s.endswith(_SIZED))
    ]
    if unfit or any(w not in line.used_near for w in line.near):
        said = made.reader.said(line.start, line.end)
        choices = describe(lexicon, line, said) or _doubt(choices)
    best, listed = pick(lexicon, choices, used)
    entry = lexicon.entries[best.entry] if best else None
    if best is None or entry is None:
        made.ask("which_sku", path + "/sku", at, listed)
        sure = listed[0].confidence // 2 if listed else 0
        made.field(path + "/sku", "", sure, at, candidates=listed)
    else:
        made.field(path + "/sku", entry.code, best.sure, at, candidates=listed, reason=best.how)
    quantity = 0
    if line.quantity is None:
        made.ask("how_many", path + "/quantity", at)
    else:
        counted = units_of(entry, line.quantity, line.changed)
        if counted is None:
            made.ask("how_many", path + "/quantity", line.quantity_at)
        else:
            quantity = counted
            made.field(path + "/quantity", str(counted), _COUNT_SURE, line.quantity_at)
    options, remarks = _parts(made, path, line)
    return DraftLine(
        sku=entry.code if entry else "", quantity=quantity, title=entry.title if entry else "",
        options=options, remarks=remarks,
    )  # fmt: skip


def _doubt(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Make goods uncertain beside whose name stands a word that is none of theirs (火星 咖啡)."""
    return tuple([Choice(c.entry, min(c.sure, SURE_ENOUGH - 100), c.how) for c in choices])


def _parts(made: _Drafting, path: str, line: Line) -> tuple[tuple[str, ...], tuple[str, ...]]:
    options: list[str] = []
    remarks: list[str] = []
    spoken = [s for s in line.specs if s not in line.used_near and s.endswith(_SIZED)]
    for part in line.parts:
        at = (part.start, part.end)
        if part.code == UNKNOWN:
            where = f"{path}/options/{len(options)}"
            made.ask("which_option", where, at, part.candidates)
        elif part.code:
            if part.code in options:
                continue
            part = made.mistrust(part)
            where = f"{path}/options/{len(options)}"
            made.field(where, part.code, part.sure, at, candidates=part.candidates)
            if part.sure < SURE_ENOUGH:
                made.ask("which_option", where, at, part.candidates)
            options.append(part.code)
        elif (words := made.words(*at)) not in remarks:
            made.field(f"{path}/remarks/{len(remarks)}", words, _TEXT_SURE, at)
            remarks.append(words)
    return tuple(options), (*remarks, *spoken)


def _match(made: _Drafting, kind: str) -> str:
    found = made.reader.matched.get(kind)
    if found is None:
        return ""
    choices, start, end = found
    best, listed = pick(made.reader.lexicon, choices)
    if best is None:
        made.ask("which_" + kind, "/" + kind, (start, end), listed)
        return ""
    entry = made.reader.lexicon.entries[best.entry]
    made.field("/" + kind, entry.code, best.sure, (start, end), candidates=listed, reason=best.how)
    return entry.code


def _named(made: _Drafting, kind: str) -> str:
    found = made.reader.named.get(kind)
    if found is None:
        return ""
    _, start, end = found
    words = made.words(start, end)
    if kind == "phone":
        words = "".join([c for c in words if c.isdigit()])
    path = (
        "/of_order" if kind == "number" and made.reader.intent is not Intent.ORDER else "/" + kind
    )
    made.field(path, words, _TEXT_SURE, (start, end))
    return words


def _remark(made: _Drafting, n: int, part: Part) -> str:
    words = made.words(part.start, part.end)
    made.field(f"/remarks/{n}", words, _TEXT_SURE, (part.start, part.end))
    return words


def _requirements(made: _Drafting, lines: tuple[DraftLine, ...]) -> tuple[str, ...]:
    """Add what the merchant's rules say that this order requires, each with its rule."""
    lexicon = made.reader.lexicon
    if not lexicon.rules or not lines:
        return ()
    goods = {x.sku: x.title for x in lines if x.sku}
    entries, by_code = lexicon.entries, lexicon.by_code
    options = {o: entries[by_code[("option", o)]].title for x in lines for o in x.options}
    found = implied.imply(lexicon.rules, goods, options, made.text)
    for n, one in enumerate(found):
        path = f"/requirements/{n}"
        made.fields.append(
            Field(path=path, value=one.requires, confidence=1000, said=one.said, rule=one.rule)
        )
    return tuple([one.requires for one in found])


def _due(made: _Drafting) -> int:
    if made.reader.due is None:
        return 0
    moment, start, end = made.reader.due
    made.field("/due_ms", str(moment), _TEXT_SURE, (start, end))
    return moment


def _intent(made: _Drafting, lines: tuple[DraftLine, ...]) -> tuple[Intent, Repair | None]:
    reader = made.reader
    device = reader.matched.get("device")
    if reader.symptoms or (reader.repairing and not lines):
        code = _match(made, "device")
        if not code and device is None:
            made.ask("which_device", "/repair/device", (0, len(made.said.text)))
        said = tuple([code or words for code, words, _, _ in reader.symptoms])
        for n, (symptom, words, start, end) in enumerate(reader.symptoms):
            made.field(f"/repair/symptoms/{n}", symptom or words, _TEXT_SURE, (start, end))
        repair = Repair(device=code, symptoms=said, said=made.text, parts=lines)
        return Intent.MAINTAIN, repair
    if reader.intent is Intent.CANCEL and lines:
        return Intent.REPLACE, None
    if reader.intent is Intent.ORDER and not lines:
        return Intent.NONE, None
    if lines and reader.intent is Intent.NONE:
        return Intent.ORDER, None
    return reader.intent, None


def _confidence(
    made: _Drafting, tokens: list[Token], intent: Intent, lines: tuple[DraftLine, ...]
) -> int:
    """Multiply what the values need to be right, and take off for words that nothing explains."""
    whole = 1000
    for f in made.fields:
        whole = whole * f.confidence // 1000
    reader = made.reader
    unexplained = sum(end - start for start, end in (*reader.unexplained, *reader.lost))
    for _ in range(min(unexplained, 60)):
        whole = whole * _UNEXPLAINED // 1000
    content = sum(t.end - t.start for t in tokens if not t.has("mark"))
    if len(made.text) > SAID_CHARS:
        made.ask("unclear", "", (0, len(made.said.text)))
    elif reader.lost or (unexplained >= _MUCH and unexplained * _FRACTION > content):
        at = (reader.lost or reader.unexplained)[0]
        made.ask("unclear", "", at)
    if made.questions:
        whole = min(whole, SURE_ENOUGH - 1)
    return whole
