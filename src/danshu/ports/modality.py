"""Port `modality`: an original of any kind (speech, picture, waveform, text, gesture…) is read.

A modality is thin. What a model hears or sees in an original it asks of `Context.perceive`, what
words mean of `Context.understand` and `Context.resolve`, which know the merchant's master data; so
it knows neither the network nor the database nor the clock, and the catalogue decides, not a model.
What it is not sure of it says: a field without support is a question, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from danshu.ports.perceiver import Perception


class Intent(StrEnum):
    """What an original asks for."""

    ORDER = "order"
    CANCEL = "cancel"  # an earlier order is not wanted any more
    REPLACE = "replace"  # cancel the earlier one and order anew
    REPEAT = "repeat"  # the same again, where the lines are those of an earlier order
    MAINTAIN = "maintain"  # a symptom of equipment: what is done comes from the intent graph
    NONE = "none"  # nothing that the hub acts on


class Original(Struct, frozen=True, kw_only=True):
    """What came in, untouched and already kept: `digest` is the SHA-256 (hex) of `body`."""

    body: bytes
    media_type: str
    digest: str
    name: str = ""  # of the file, where there is one


class Span(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where in the original something stands. Half-open; what does not apply is left out.

    `start`, `end` count characters of `Parsed.text`; `from_ms`, `to_ms` run from the beginning of a
    recording or waveform; `box` is x, y of four corners, clockwise from the upper left, in pixels
    of the upright page `page` (from 0).
    """

    start: int = 0
    end: int = 0
    from_ms: int = 0
    to_ms: int = 0
    page: int = 0
    box: tuple[int, ...] = ()


class Candidate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value that a field may have: the code in the master data and what it is called there.

    `confidence` is in thousandths; `reason` a code of docs/reference/multimodal.md (`alias`,
    `sounds_alike`, `used_before`, …) and `said` what of it a person should see beside it.
    """

    value: str
    title: str = ""
    confidence: int = 0
    reason: str = ""
    said: str = ""


class Field(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value of the draft and why it is believed.

    `path` is a JSON pointer into the draft (`/lines/0/sku`); `value` what stands there, as text;
    `said` what the original has; `confidence` thousandths that the value is right. `candidates` are
    the best first and hold the value itself where it was chosen among several. `rule` names the
    rule of the merchant that added it where the original does not say it.
    """

    path: str
    value: str
    confidence: int
    said: str = ""
    spans: tuple[Span, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""
    rule: str = ""


class DraftLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line: the merchant's SKU and its own units. `price_fen` is a unit's, -1 = the price list's.

    `options` are codes of options that change the goods (加燕麦奶), `remarks` words for who makes
    them (不要吸管), which are never goods.
    """

    sku: str
    quantity: int
    price_fen: int = -1
    title: str = ""
    options: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Repair(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device has: its code, symptoms as codes of the intent graph, figures in thousandths.

    The action is not here: it comes from the graph.
    """

    device: str = ""
    symptoms: tuple[str, ...] = ()
    said: str = ""
    figures: Mapping[str, int] = {}
    parts: tuple[DraftLine, ...] = ()


class Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What would be ordered. Times are epoch ms, 0 = not said; money in 分, -1 = not said.

    `store` is the shop or site that it is ordered at or for, `customer` who orders (a code of the
    directory), `address` where it goes as said. `total_fen` is what the original itself says.
    """

    lines: tuple[DraftLine, ...] = ()
    store: str = ""
    customer: str = ""
    number: str = ""  # the customer's own number of the purchase order
    receiver: str = ""
    phone: str = ""
    address: str = ""
    due_ms: int = 0
    total_fen: int = -1
    remarks: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()  # cold_2_8, fragile, dangerous, prescription…
    repair: Repair | None = None
    of_order: str = ""  # CANCEL, REPLACE, REPEAT: which earlier one, "" = the last of the speaker


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has to be known before anything is ordered. `code` says which question
    (`which_sku`, `how_many`, `which_store`, `where_to`, `which_order`, `unclear`…).
    """

    code: str
    path: str = ""
    said: str = ""
    candidates: tuple[Candidate, ...] = ()


class Parsed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an original was read. `confidence` is that of the whole, in thousandths, as the plug-in
    sees it; the hub calibrates it by what people corrected.

    `models` are the digests (hex) of what perceived, in order; `troubles` codes for which it must
    not go on by itself whatever the confidence (`silence`, `two_speakers`, `instructions_inside`…).
    """

    intent: Intent
    draft: Draft
    fields: tuple[Field, ...]
    confidence: int
    text: str = ""
    questions: tuple[Question, ...] = ()
    troubles: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    perceptions: tuple[Perception, ...] = ()


class Assessment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a device is by what was measured at it: `normal`, `watch`, `abnormal`, or `unknown` while
    too little of its own normal state is known.

    `symptoms` are codes of the intent graph, `parts` the spares that answer them. `reasons` are
    codes of why; with `needs_person` nothing goes on by itself whatever the confidence
    (thousandths).
    """

    state: str
    symptoms: tuple[str, ...] = ()
    parts: tuple[DraftLine, ...] = ()
    confidence: int = 0
    reasons: tuple[str, ...] = ()
    needs_person: bool = False


class Context(Protocol):
    """What a modality is lent for one original of one merchant."""

    source: Mapping[str, str]
    """Who sent it and whence: `store`, `customer`, `device`, `device_class`, `speaker`, `lang`…"""
    now_ms: int

    async def perceive(
        self, kind: str, original: Original, hints: Mapping[str, object] | None = None
    ) -> Perception:
        """Let the merchant's services of a kind (`speech`, `document`, `waveform`, `gauge`) look at
        an original, the next of the chain where one fails.

        Raises NotAvailable where none is there, InputError where the original is none of this kind.
        """
        ...

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        """Read words as an order: grammar, master data, implied requirements. `pieces` say where
        each character of the text stands in the original (by `start`, `end` and times or boxes).
        """
        ...

    def resolve(self, kind: str, words: str, of: str = "") -> tuple[Candidate, ...]:
        """Find words in the master data (`sku`, `store`, `customer`, `device`, `option`), best
        first; `of` is a customer whose own codes and habits count.
        """
        ...

    def look_up(self, kind: str, code: str) -> Mapping[str, object]:
        """Give a row of master data (`device`, `template`, `sku`…) by its code, {} = none."""
        ...

    def assess(self, device: str, seen: Perception) -> Assessment:
        """Compare what was measured at a device with the device's own normal state."""
        ...


class Modality(Protocol):
    """A way in which originals come. A `title_en` stands beside the title; `perceives`, where a
    plug-in has it, names the kinds of services that it asks, so that people see what it needs.
    """

    name: str
    title: str
    title_en: str
    version: str
    """Counts its behaviour: with another version, trust begins anew."""
    media_types: tuple[str, ...]
    """`audio/wav`, `image/*`… which it can read."""

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Read an original. The same bytes and perceptions give the same answer.

        Raises InputError naming what can't be read; NotAvailable where no service looked at it, so
        that it is read again later. Anything else is a defect: the original goes to a person.
        """
        ...
