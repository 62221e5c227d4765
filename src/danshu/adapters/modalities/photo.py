"""Pictures and PDF 图片: purchase orders, delivery notes, screenshots of chats, labels.

A template of the merchant that fits makes a document certain; without one the general reader works
on its labels and headers. A picture's words are data: what speaks to a machine is a trouble.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from danshu.adapters.modalities import _chat
from danshu.adapters.modalities import _document_aligning as aligning
from danshu.adapters.modalities import _document_page as pages
from danshu.adapters.modalities import _document_reader as reader
from danshu.adapters.modalities import _document_template as templates
from danshu.adapters.modalities.text import TROUBLE, has_instructions
from danshu.ports.modality import (
    Candidate,
    Draft,
    DraftLine,
    Field,
    Intent,
    Parsed,
    Question,
    Span,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.adapters.modalities._document_page import Sheet
    from danshu.ports.modality import Context, Original

_KINDS: Final = {"delivery_note": "delivery_note", "other_paper": "not_an_order"}
_CODES: Final = frozenset({"ean13", "ean8", "code128", "code39", "datamatrix", "qr"})
_ESSENTIAL: Final = ("/sku", "/quantity")


class Photo:
    """The adapter."""

    name = "photo"
    title = "图片"
    title_en = "Pictures"
    version = "1"
    media_types = ("image/png", "image/jpeg", "image/webp", "image/bmp", "application/pdf")
    perceives = ("document",)

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Read a document."""
        seen = await context.perceive("document", original)
        sheets = pages.lay(seen)
        listed = context.look_up("template", "").get("templates")
        held: list[Mapping[str, Any]] = list(listed) if isinstance(listed, (list, tuple)) else []
        known = templates.recognise(sheets, held, context.source.get("template", ""))
        fixed = known.template if known else {}
        paper = reader.read(
            sheets,
            templates.roles(fixed) if fixed else {},
            templates.read_fields(sheets, fixed) if fixed else {},
        )
        if paper.lines:
            parsed = _as_document(paper, context, fixed)
        elif sheets and _chat.is_chat(sheets[0]):
            parsed = _as_chat(sheets, context)
        else:
            parsed = _as_label(sheets, context)
        troubles = [*seen.troubles, *parsed.troubles]
        if has_instructions(seen.text):
            troubles.append(TROUBLE)
        return structs.replace(
            parsed,
            text=parsed.text or seen.text,
            troubles=tuple(dict.fromkeys(troubles)),
            # A template is a part of how it was read: with another version trust begins anew
            models=(seen.digest, *([str(fixed["digest"])] if fixed else []), *parsed.models),
            perceptions=(seen, *parsed.perceptions),
        )


def _as_document(paper: reader.Paper, context: Context, fixed: Mapping[str, Any]) -> Parsed:
    draft, done = aligning.align(paper, context, fixed)
    troubles = [*paper.troubles, *done.troubles]
    if paper.kind in _KINDS:
        troubles.append(_KINDS[paper.kind])
    essential = [f.confidence for f in done.fields if f.path.endswith(_ESSENTIAL)]
    others = [f.confidence for f in done.fields if not f.path.endswith(_ESSENTIAL)]
    # Goods and counts bear the order; of the rest no single doubtful word sinks it
    sure = min(essential, default=0)
    if others:
        sure = min(sure, (min(others) + 1000) // 2)
    if not fixed:
        sure = min(sure, 985)
    if troubles:
        sure = min(sure, 600)
    return Parsed(
        intent=Intent.ORDER,
        draft=draft,
        fields=tuple(done.fields),
        confidence=sure,
        questions=tuple(done.questions),
        troubles=tuple(troubles),
    )


def _as_chat(sheets: Sequence[Sheet], context: Context) -> Parsed:
    """Read the customer's own words of a chat as an order, with boxes for where they stand."""
    talks = [_chat.read_customer(sheet) for sheet in sheets]
    text, places = _chat.compose([line for talk in talks for line in talk.lines])
    told = tuple([Span(start=a, end=b, page=t.page, box=t.box) for a, b, t in places])
    parsed = context.understand(text, told)
    if any(talk.answers for talk in talks):
        # What was agreed to stands on the merchant's side, which orders nothing: a person looks
        parsed = structs.replace(parsed, troubles=(*parsed.troubles, "answers_inside"))
    title = _chat.title_of(sheets[0])
    found = context.resolve("customer", title) if title else ()
    if parsed.draft.customer or not found or found[0].confidence < 800:
        return parsed
    named = Field(
        path="/customer", value=found[0].value, confidence=found[0].confidence, said=title,
        candidates=found, reason=found[0].reason,
    )  # fmt: skip
    return structs.replace(
        parsed,
        draft=structs.replace(parsed.draft, customer=found[0].value),
        fields=(*parsed.fields, named),
    )


def _as_label(sheets: Sequence[Sheet], context: Context) -> Parsed:
    """Read codes as SKUs. A label says what something is, not how many are wanted."""
    fields: list[Field] = []
    questions: list[Question] = []
    lines: list[DraftLine] = []
    counts: dict[str, int] = {}
    for token in [t for s in sheets for t in s.tokens if t.kind in _CODES]:
        found = _by_barcode(context, token.text) or context.resolve(
            "sku", token.text, context.source.get("customer", "")
        )
        if not found or found[0].confidence < 900:
            continue
        best = found[0]
        counts[best.value] = counts.get(best.value, 0) + 1
        if counts[best.value] > 1:
            continue
        path = f"/lines/{len(lines)}"
        where = (Span(page=token.page, box=token.box),)
        fields.append(
            Field(path=f"{path}/sku", value=best.value, confidence=best.confidence,
                  said=token.text, spans=where, candidates=found, reason=best.reason)
        )  # fmt: skip
        questions.append(Question(code="how_many", path=f"{path}/quantity", said=token.text))
        lines.append(DraftLine(sku=best.value, quantity=0, title=best.title))
    if not lines:
        questions.append(Question(code="unclear"))
    return Parsed(
        intent=Intent.ORDER if lines else Intent.NONE,
        draft=Draft(lines=tuple(lines)),
        fields=tuple(fields),
        confidence=300 if lines else 0,
        questions=tuple(questions),
        troubles=() if lines else ("no_table",),
    )


def _by_barcode(context: Context, code: str) -> tuple[Candidate, ...]:
    """Find the SKU that has a barcode; a GTIN of 14 digits that begins with 0 is its EAN-13."""
    for spelled in dict.fromkeys((code, code.removeprefix("0"))):
        sku = str(context.look_up("barcode", spelled).get("code", ""))
        if sku:
            title = str(context.look_up("sku", sku).get("name", ""))
            return (Candidate(value=sku, title=title, confidence=998, reason="barcode"),)
    return ()
