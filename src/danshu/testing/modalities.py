"""Conformance kit for modalities: what every plug-in that reads originals owes the hub.

A plug-in's own tests build a ModalityCase and run CHECKS over it:

    @pytest.mark.parametrize("check", CHECKS)
    def test_conformance(check): check(ModalityCase(modality=…, originals=…, perceptions=…))

The context is the kit's own: a small catalogue, read by the hub's own grammar, and the perceptions
of the case instead of services. A plug-in is run by hand, step by step, without an event loop: what
waits for anything but its context fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from unittest import mock

import msgspec
from msgspec import Struct

from danshu.capabilities.intake import language, lexicon
from danshu.capabilities.intake.lexicon import Called, Goods, Lexicon, Option
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports import registry
from danshu.ports.modality import Assessment, Intent, Modality, Original, Parsed
from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from danshu.ports.modality import Candidate, Span

NOW_MS: Final = 1_795_164_005_000
WHOLE: Final = 1_000
GOODS: Final = (
    Goods(code="SKU-1", name="冰美式咖啡"),
    Goods(code="SKU-2", name="热拿铁咖啡"),
    Goods(code="SKU-3", name="蓝莓蛋糕"),
)
CATALOGUE: Final = lexicon.build(
    GOODS,
    (Option(code="O-1", name="燕麦奶", storage="chilled"),),
    (Called(kind="store", code="S-1", name="人民广场店"),),
)


class ModalityCase(Struct, frozen=True, kw_only=True):
    """A plug-in, originals that it must read, and what its services perceive in each of them: by
    kind, the same for all. `orders`: each of them is an order with these SKUs and quantities.
    """

    modality: Modality
    originals: tuple[tuple[bytes, str], ...]
    perceptions: Mapping[str, Perception] = {}
    source: Mapping[str, str] = {}
    rows: Mapping[tuple[str, str], Mapping[str, object]] = {}
    words: Lexicon = CATALOGUE


class Lent:
    """The kit's context."""

    def __init__(self, case: ModalityCase, *, away: bool = False) -> None:
        self.source = case.source
        self.now_ms = NOW_MS
        self.asked: list[str] = []
        self._case, self._away = case, away

    async def perceive(
        self, kind: str, original: Original, hints: Mapping[str, object] | None = None
    ) -> Perception:
        """Give what the case says that a service perceives."""
        self.asked.append(kind)
        if self._away or kind not in self._case.perceptions:
            raise NotAvailable(f"nothing perceives {kind}")
        return self._case.perceptions[kind]

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        """Read words by the catalogue of the case."""
        return language.understand(text, self._case.words, NOW_MS, pieces)

    def resolve(self, kind: str, words: str, of: str = "") -> tuple[Candidate, ...]:
        """Find words in the catalogue of the case."""
        return lexicon.resolve(self._case.words, kind, words, of)

    def look_up(self, kind: str, code: str) -> Mapping[str, object]:
        """Give a row of the case."""
        return self._case.rows.get((kind, code), {})

    def assess(self, device: str, seen: Perception) -> Assessment:
        """Know no device."""
        return Assessment(state="unknown", reasons=("unknown_device",), needs_person=True)


def load_modality(name: str) -> Modality:
    """Load a modality by its entry point and check that it is one."""
    modality = registry.load("modality", name)
    for attribute in ("name", "title", "title_en", "version", "media_types", "parse"):
        assert hasattr(modality, attribute), f"modality {name} has no {attribute}"
    return cast("Modality", modality)


def original_of(body: bytes, media_type: str) -> Original:
    """Make an original of bytes."""
    digest = hashlib.sha256(body).hexdigest()
    return Original(body=body, media_type=media_type, digest=digest, name="kit")


def parse(case: ModalityCase, body: bytes, media_type: str, *, away: bool = False) -> Parsed:
    """Have an original read, step by step, in a world without clock, chance and network."""
    lent = Lent(case, away=away)
    with _alone():
        return drive(case.modality.parse(original_of(body, media_type), lent))


def drive(work: Coroutine[Any, Any, Parsed]) -> Parsed:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast("Parsed", done.value)
    work.close()
    raise AssertionError("a modality waits for its context and nothing else")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("a modality knows no clock, no chance and no network")

    with contextlib.ExitStack() as stack:
        for owner, name in (
            (time, "time"),
            (time, "time_ns"),
            (os, "urandom"),
            (random, "random"),
            (socket, "socket"),
        ):
            stack.enter_context(mock.patch.object(owner, name, refuse))
        yield


# What every plug-in owes ----------------------------------------------------------------------


def check_named(case: ModalityCase) -> None:
    """Its name is a plug-in's, it has a version, and it says what it reads."""
    modality = case.modality
    assert modality.name == registry.spell_name(modality.name)
    assert modality.title
    assert modality.title_en
    assert modality.version
    assert modality.media_types
    for kind in modality.media_types:
        assert kind.count("/") == 1, kind
        assert kind == kind.lower(), kind


def check_reads(case: ModalityCase) -> None:
    """What it reads stands in the original: fields of the draft, spans, models, confidences."""
    for body, media_type in case.originals:
        parsed = parse(case, body, media_type)
        assert_sound(parsed)
        models = {p.digest for p in case.perceptions.values()}
        assert set(parsed.models) <= models | {""}, "a model that perceived nothing"


def assert_sound(parsed: Parsed) -> None:
    """Hold what was read to what the port says of it."""
    assert 0 <= parsed.confidence <= WHOLE
    drafted = msgspec.to_builtins(parsed.draft)
    for field in parsed.fields:
        assert 0 <= field.confidence <= WHOLE, field
        found = _walk(drafted, field.path)
        assert str(found) == field.value or not field.value or found is None, field
        for candidate in field.candidates:
            assert 0 <= candidate.confidence <= WHOLE, candidate
        for span in field.spans:
            _assert_span(span, parsed)
    for line in parsed.draft.lines:
        named = any(q.path.startswith("/lines") or not q.path for q in parsed.questions)
        assert line.sku or named or parsed.troubles, "a line of nothing, and nobody is asked"
        assert line.quantity >= 0
        assert line.price_fen >= -1
    if parsed.intent is Intent.NONE:
        assert not parsed.draft.lines


def _assert_span(span: Span, parsed: Parsed) -> None:
    assert 0 <= span.start <= span.end <= len(parsed.text), span
    assert 0 <= span.from_ms <= span.to_ms, span
    lasts_ms = [p.duration_ms for p in parsed.perceptions if p.duration_ms]
    if lasts_ms:
        assert span.to_ms <= max(lasts_ms), span
    pages = [page for p in parsed.perceptions for page in p.pages]
    if span.box:
        assert len(span.box) == 8
        if pages:
            width, height = pages[span.page]
            assert all(0 <= x <= width for x in span.box[::2]), span
            assert all(0 <= y <= height for y in span.box[1::2]), span


def _walk(value: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def check_same_again(case: ModalityCase) -> None:
    """The same bytes and perceptions give the same answer."""
    for body, media_type in case.originals:
        assert parse(case, body, media_type) == parse(case, body, media_type)


def check_hostile(case: ModalityCase) -> None:
    """Bytes of a stranger are refused or read; nothing else is raised, and nothing is sure."""
    for body, media_type in case.originals:
        chance = random.Random(7)
        damaged = [b"\0", b"\xff" * 64, b"[" * 100_000, b"{" * 9_000, b'{"a":' * 5_000]
        damaged += [body[: len(body) // 2], body + body, body[::-1]]
        for _ in range(40):
            at = chance.randrange(len(body))
            damaged.append(body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :])
        for bad in damaged:
            with contextlib.suppress(InputError, NotAvailable):
                assert_sound(parse(case, bad, media_type))


def check_away(case: ModalityCase) -> None:
    """Where no service looks, it says so; it makes nothing up."""
    if not case.perceptions:
        return
    for body, media_type in case.originals:
        try:
            parse(case, body, media_type, away=True)
        except NotAvailable:
            continue
        raise AssertionError("without a service it has read something")


CHECKS: Final[tuple[Callable[[ModalityCase], None], ...]] = (
    check_named,
    check_reads,
    check_same_again,
    check_hostile,
    check_away,
)
