"""A document in the merchant's own words: who ordered, which SKU, how many of its units, when.

The catalogue decides. A code that is one letter off (0 for O, 1 for l) is tried with what is easily
taken for what; code and name together are surer than either, and where they contradict one another
a person chooses.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from danshu.adapters.modalities import _document_words as words
from danshu.adapters.modalities._document_table import Value
from danshu.ports.modality import Candidate, Draft, DraftLine, Field, Question, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.adapters.modalities._document_reader import Line, Paper
    from danshu.ports.modality import Context

_ALIKE: Final = ("0OoQD", "1lI|i", "5Ss", "8B", "2Zz", "6Gb", "×xX*", "-—_", "UV", "CG")
_LOOKS: Final = {c: group.replace(c, "") for group in _ALIKE for c in group}
_TRIES: Final = 160
_SURE: Final = 800  # of a candidate that may stand alone
_MARGIN: Final = 40
_CODE: Final = frozenset({"code", "customer_code", "exact", "alias"})


class Aligned:
    """What has been aligned so far: fields, questions, troubles."""

    def __init__(self, context: Context, of: str) -> None:
        self.context, self.of = context, of
        self.fields: list[Field] = []
        self.questions: list[Question] = []
        self.troubles: list[str] = []

    def tell(self, path: str, value: str, sure: int, seen: Value | None, **more: Any) -> None:
        """Keep a field with where it stands."""
        given = {"said": seen.text, "spans": spans(seen)} if seen else {}
        self.fields.append(Field(path=path, value=value, confidence=sure, **{**given, **more}))


def spans(value: Value) -> tuple[Span, ...]:
    """Say where a value stands."""
    return tuple([Span(page=t.page, box=t.box) for t in value.tokens if t.box])


def align(paper: Paper, context: Context, fixed: Mapping[str, Any]) -> tuple[Draft, Aligned]:
    """Align a document. `fixed` is the template that knew it, {} = none; its customer is certain.

    A value that no master data decides (number, address) is as sure as it was read.
    """
    values = paper.values
    customer = str(fixed.get("customer") or context.source.get("customer", ""))
    done = Aligned(context, customer)
    if "customer" in values or customer:
        done.of = _align_customer(done, values.get("customer"), customer)
    lines = [_align_line(done, i, line) for i, line in enumerate(paper.lines)]
    due_ms, address = _align_due(done, values)
    for role, path in (("number", "/number"), ("receiver", "/receiver"), ("phone", "/phone")):
        if role in values:
            done.tell(path, values[role].text[:200], values[role].sure, values[role])
    if paper.total_fen >= 0:
        done.tell("/total_fen", str(paper.total_fen), paper.total_sure, values.get("total"))
    remark = values.get("remark")
    if remark:
        done.tell("/remarks/0", remark.text[:200], remark.sure, remark)
    draft = Draft(
        lines=tuple(lines),
        customer=done.of,
        number=_text(values, "number"),
        receiver=_text(values, "receiver"),
        phone=_text(values, "phone"),
        address=address,
        due_ms=due_ms,
        total_fen=paper.total_fen,
        remarks=(remark.text[:200],) if remark else (),
    )
    return draft, done


def _text(values: Mapping[str, Value], role: str) -> str:
    return values[role].text[:200] if role in values else ""


def _align_customer(done: Aligned, seen: Value | None, given: str) -> str:
    """Find who orders; who is given by the template or the sender is certain."""
    if given:
        done.tell("/customer", given, 990, seen, reason="given")
        return given
    if seen is None:
        return ""
    found = done.context.resolve("customer", seen.text)
    best = _alone(found)
    if best is None:
        done.tell("/customer", "", 300, seen, candidates=found, reason="unknown")
        done.questions.append(
            Question(code="which_customer", path="/customer", said=seen.text, candidates=found)
        )
        return ""
    done.tell(
        "/customer", best.value, min(best.confidence, seen.sure), seen,
        candidates=found, reason=best.reason,
    )  # fmt: skip
    return best.value


def _alone(found: Sequence[Candidate]) -> Candidate | None:
    """Give the candidate that stands out."""
    if not found or found[0].confidence < _SURE:
        return None
    rival = found[1].confidence if len(found) > 1 else 0
    return found[0] if found[0].confidence - rival >= _MARGIN else None


def _align_line(done: Aligned, number: int, line: Line) -> DraftLine:
    path = f"/lines/{number}"
    sku, sure, found, reason = _find_sku(done, line)
    seen = _called(line)
    done.tell(f"{path}/sku", sku, sure, seen, candidates=found, reason=reason)
    if not sku:
        said = seen.text if seen else ""
        done.questions.append(
            Question(code="which_sku", path=f"{path}/sku", said=said, candidates=found)
        )
    name = line.values.get("name")
    title = name.text[:200] if name else ""
    if name:
        done.tell(f"{path}/title", title, name.sure, name)
    units, factor, unit_sure = _units(done, sku, line)
    counted = _together(line, ("quantity", "unit"))
    quantity_sure = min(line.sure, unit_sure) if line.quantity else 0
    done.tell(f"{path}/quantity", str(units), quantity_sure, counted)
    if not units:
        said = counted.text if counted else ""
        done.questions.append(Question(code="how_many", path=f"{path}/quantity", said=said))
    price = line.price_fen
    if price >= 0 and factor > 1:
        price = price // factor if price % factor == 0 else -1
    if line.price_fen >= 0:
        if price < 0:
            done.troubles.append("price_below_fen")
        seen = line.values.get("amount" if line.computed else "price")
        why = "computed" if line.computed else ""
        done.tell(f"{path}/price_fen", str(price), line.sure, seen, reason=why)
    return DraftLine(sku=sku, quantity=units, price_fen=price, title=title)


def _called(line: Line) -> Value | None:
    """Give what the document calls the goods: its code where it has one, since that is the word
    which a person's correction teaches, else its name; with the places of all of it.
    """
    whole = _together(line, ("code", "name", "spec"))
    if whole is None or "code" not in line.values:
        return whole
    return structs.replace(whole, text=line.values["code"].text)


def _together(line: Line, roles: Sequence[str]) -> Value | None:
    held = [line.values[r] for r in roles if r in line.values]
    if not held:
        return None
    return Value(
        text=" ".join([v.text for v in held]),
        sure=min([v.sure for v in held]),
        tokens=tuple([t for v in held for t in v.tokens]),
    )


def _units(done: Aligned, sku: str, line: Line) -> tuple[int, int, int]:
    """Give the quantity in the SKU's own units, how many of them the document's unit is, and how
    sure that is.
    """
    if line.quantity is None:
        return 0, 1, 0
    row = done.context.look_up("sku", sku) if sku else {}
    known = row.get("units")
    factors: Mapping[str, Any] = known if isinstance(known, dict) else {}
    if line.unit in factors:
        return line.quantity * int(factors[line.unit]), int(factors[line.unit]), 990
    own = str(row.get("unit") or "")
    if not factors or not line.unit or line.unit == own:
        return line.quantity, 1, 990
    # Packs of this SKU are known, this word is none of them: most likely its own unit
    return line.quantity, 1, 900


def _find_sku(done: Aligned, line: Line) -> tuple[str, int, tuple[Candidate, ...], str]:
    """Find a line's SKU by code and name: (code, thousandths, candidates, reason)."""
    code, name, spec = (line.values.get(r) for r in ("code", "name", "spec"))
    by_code, looked = _by_code(done, code.text) if code else ((), False)
    said = " ".join([v.text for v in (name, spec) if v])
    by_name = done.context.resolve("sku", said, done.of) if said else ()
    best = _alone(by_code)
    if best is None:
        if not by_code:
            by_code = ()
        found = _merge(by_name, by_code)
        only = _alone(by_name)
        if only is None:
            return "", 300, found, "unknown"
        read = name.sure if name else 1000
        unexplained = code is not None and not by_code
        # The customer's own code that nobody has told us yet: the name alone decides for now
        sure = min(only.confidence, read, 880 if unexplained else 1000)
        return only.value, sure, found, "name_only" if unexplained else only.reason
    found = _merge(by_code, by_name)
    names = {c.value: c.confidence for c in by_name}
    top = by_name[0] if by_name else None
    if best.value in names and (top is None or names[best.value] >= top.confidence - _MARGIN):
        return best.value, 985 if looked else 995, found, "code_and_name"
    if top is not None and top.confidence >= _SURE and best.value not in names:
        done.troubles.append("code_and_name_differ")
        return best.value, 500, found, "code_and_name_differ"
    read = code.sure if code else 0
    return (
        best.value,
        min(best.confidence, read, 900 if looked else 1000),
        found,
        ("looks_alike" if looked else best.reason),
    )


def _merge(*lists: Sequence[Candidate]) -> tuple[Candidate, ...]:
    best: dict[str, Candidate] = {}
    for one in [c for held in lists for c in held]:
        if one.value not in best or best[one.value].confidence < one.confidence:
            best[one.value] = one
    return tuple(sorted(best.values(), key=lambda c: -c.confidence)[:5])


def _by_code(done: Aligned, said: str) -> tuple[tuple[Candidate, ...], bool]:
    """Find a code, as it was read or with what looks alike; True where only that helped."""
    found = _exactly(done, said)
    if found:
        return found, False
    places = [i for i, c in enumerate(said) if c in _LOOKS]
    hits: dict[str, Candidate] = {}
    tried = 0
    for size in (1, 2):
        for at in combinations(places, size):
            for chosen in product(*[_LOOKS[said[i]] for i in at]):
                tried += 1
                if tried > _TRIES:
                    break
                letters = list(said)
                for i, letter in zip(at, chosen, strict=True):
                    letters[i] = letter
                for one in _exactly(done, "".join(letters)):
                    hits[one.value] = one
        if hits:
            break
    return tuple(hits.values()), True


def _exactly(done: Aligned, code: str) -> tuple[Candidate, ...]:
    """Candidates that a code names as a code, not by a sound or a part."""
    told = done.context.resolve("sku", code, done.of)
    return tuple([c for c in told if c.reason in _CODE and c.confidence >= _SURE])


def _align_due(done: Aligned, values: Mapping[str, Value]) -> tuple[int, str]:
    """Read when and where to; 交货：11月26日前送肥东仓 says both."""
    due_ms, left = 0, ""
    if "due" in values:
        seen = values["due"]
        due_ms, left = words.read_due(seen.text, done.context.now_ms)
        sure = seen.sure
        if not due_ms:
            due_ms = done.context.understand(f"{seen.text}送到").draft.due_ms
            sure, left = min(sure, 850), ""
        if due_ms:
            done.tell("/due_ms", str(due_ms), sure, seen)
        else:
            done.questions.append(Question(code="when", path="/due_ms", said=seen.text))
    address, seen_at = left[:200] if len(left) >= 2 else "", values.get("due")
    if "address" in values:
        seen_at = values["address"]
        address = seen_at.text[:200]
    if address and seen_at:
        done.tell("/address", address, seen_at.sure, seen_at)
    return due_ms, address
