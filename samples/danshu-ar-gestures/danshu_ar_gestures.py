"""Orders by gesture 手势下单: what an AR headset saw a picker point at, pick and count.

The headset sends one JSON document a session: `{"format": "danshu-ar/1", "events": [...]}`. An
event has `at_ms` from the beginning of the session, `gesture` and, for `point` and `pick`, the
`anchor` that it meets: the code or label of goods that the headset has fixed in the room.

    point    the goods that what follows is about
    pick     one more of the anchor
    count    fingers shown: so many of the goods pointed at
    cancel   the line of the goods pointed at is not wanted
    confirm  that is all

`certainty` (thousandths) is how sure the headset is of its own recognition. This is the only file
of the plug-in; it imports the ports of Danshu and nothing else of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.ports.modality import Draft, DraftLine, Field, Intent, Parsed, Question, Span

if TYPE_CHECKING:
    from danshu.ports.modality import Candidate, Context, Original

FORMAT = "danshu-ar/1"
EVENTS = 500
UNITS = 999
SURE = 800  # below it, the anchor of a label that only sounds like goods is asked about


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One gesture."""

    at_ms: int
    gesture: Literal["point", "pick", "count", "cancel", "confirm"]
    anchor: str = ""
    count: int = 0
    certainty: int = 1000


class Session(Struct, frozen=True, kw_only=True):
    """What a headset sends."""

    format: str
    events: tuple[Event, ...]


class Line(Struct, kw_only=True):
    """Goods as they were gestured so far."""

    anchor: str
    quantity: int = 0
    certainty: int = 1000
    from_ms: int = 0
    to_ms: int = 0


class ArGesture:
    """The plug-in."""

    name = "ar-gesture"
    title = "AR 手势"
    title_en = "AR gestures"
    version = "1"
    media_types = ("application/vnd.danshu.ar+json",)

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Read a session."""
        try:
            session = msgspec.json.decode(original.body, type=Session)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError("bad_json", "no session of an AR headset") from error
        if session.format != FORMAT:
            raise InputError("format", f"the session is no {FORMAT}", "/format")
        if len(session.events) > EVENTS:
            raise InputError("too_many", f"at most {EVENTS} events", "/events")
        lines, is_confirmed = follow(session.events)
        return draft(lines, context, is_confirmed=is_confirmed)


PLUGIN = ArGesture


def follow(events: tuple[Event, ...]) -> tuple[list[Line], bool]:
    """Give the lines that the gestures come to, and whether the session was confirmed."""
    lines: dict[str, Line] = {}
    now = ""
    is_confirmed = False
    before_ms = 0
    for at, event in enumerate(events):
        place = f"/events/{at}"
        if event.at_ms < before_ms or event.at_ms > 86_400_000:
            raise InputError("time", "events follow one another within a day", f"{place}/at_ms")
        if not 0 <= event.certainty <= 1000 or not 0 <= event.count <= UNITS:
            raise InputError("number", "a certainty is 0 to 1000, a count 0 to 999", place)
        before_ms, is_confirmed = event.at_ms, event.gesture == "confirm"
        if event.gesture in ("point", "pick"):
            if not event.anchor or len(event.anchor) > 100:
                raise InputError("anchor", "an anchor has 1 to 100 characters", f"{place}/anchor")
            now = event.anchor
        if is_confirmed or not now:
            continue
        line = lines.setdefault(now, Line(anchor=now, from_ms=event.at_ms))
        line.to_ms = event.at_ms + 1
        line.certainty = min(line.certainty, event.certainty)
        if event.gesture == "pick":
            line.quantity = min(line.quantity + 1, UNITS)
        elif event.gesture == "count":
            line.quantity = event.count
        elif event.gesture == "cancel":
            del lines[now]
    return list(lines.values()), is_confirmed


def draft(lines: list[Line], context: Context, *, is_confirmed: bool) -> Parsed:
    """Make the draft; what is not sure is a question."""
    drafted: list[DraftLine] = []
    fields: list[Field] = []
    questions: list[Question] = []
    for no, line in enumerate(lines):
        span = (Span(from_ms=line.from_ms, to_ms=line.to_ms),)
        found = find(line.anchor, context)
        sku = found[0].value if found and found[0].confidence >= SURE else ""
        sure = min(line.certainty, found[0].confidence) if sku else 0
        path = f"/lines/{no}"
        fields += [
            Field(
                path=f"{path}/sku",
                value=sku,
                confidence=sure,
                said=line.anchor,
                spans=span,
                candidates=found,
            ),
            Field(
                path=f"{path}/quantity",
                value=str(line.quantity),
                confidence=line.certainty if line.quantity else 0,
                spans=span,
            ),
        ]
        if not sku:
            questions.append(
                Question(code="which_sku", path=f"{path}/sku", said=line.anchor, candidates=found)
            )
        if not line.quantity:
            questions.append(Question(code="how_many", path=f"{path}/quantity"))
        drafted.append(
            DraftLine(sku=sku, quantity=line.quantity, title=found[0].title if sku else "")
        )
    if not is_confirmed or not drafted:
        questions.append(Question(code="unclear"))
    return Parsed(
        intent=Intent.ORDER if drafted else Intent.NONE,
        draft=Draft(lines=tuple(drafted)),
        fields=tuple(fields),
        confidence=min([f.confidence for f in fields], default=0),
        questions=tuple(questions),
    )


def find(anchor: str, context: Context) -> tuple[Candidate, ...]:
    """Give the goods that an anchor may be: by their code, else by what they are called."""
    return context.resolve("sku", anchor)[:5]
