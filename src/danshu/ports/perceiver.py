"""Port `perceiver`: who hears, sees or measures an original: a local model, a service in the house
or a cloud's. What it gives is what is in the original, never what should be done about it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from msgspec import Struct

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Send


Talk = Callable[
    [str, Mapping[str, str], tuple[str | bytes, ...], Callable[[str], bool]],
    Awaitable[tuple[str, ...]],
]
"""Opens a WebSocket (URL, headers), sends the messages, and gives the texts that come back, up to
the one that the function calls the last or the end. Raises as `Send`."""


class Piece(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of words: where it is and how sure the model is (thousandths).

    Speech: `from_ms`, `to_ms`. Documents: `page` from 0 and `box`, x and y of four corners,
    clockwise from the upper left, in pixels of the upright page; `row`, `column` within table
    `table`, from 0, -1 = in none. `kind` is "text" or that of a code (`qr`, `ean13`, `code128`,
    `datamatrix`). `path` is a JSON pointer into the draft where the service itself says which field
    the words are (`/number`, `/lines/0/sku`), "" where it does not.
    """

    text: str
    confidence: int = 1000
    from_ms: int = 0
    to_ms: int = 0
    page: int = 0
    box: tuple[int, ...] = ()
    table: int = -1
    row: int = -1
    column: int = -1
    kind: str = "text"
    path: str = ""


class Series(Struct, frozen=True, kw_only=True):
    """A curve to be shown: values at equal steps from `start`, all in the unit named."""

    name: str
    unit: str
    start: float
    step: float
    values: tuple[float, ...]


class Perception(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is in an original. `troubles` are codes why it is not to be believed (`silence`,
    `not_speech`, `too_noisy`, `two_speakers`, `clipped`, `low_contrast`, `rate_mismatch`…).

    `digest` is the SHA-256 (hex) of the model's files, or of name and version that a far side says
    of itself. `alternatives` are other ways to read the whole, `text` among them, the likeliest
    first: where they mean something else, it is asked. `figures` are measured values (mm/s, %,
    kurtosis); `pages` width and height in pixels.
    """

    kind: str
    engine: str
    version: str
    digest: str
    text: str = ""
    pieces: tuple[Piece, ...] = ()
    alternatives: tuple[Piece, ...] = ()
    figures: Mapping[str, float] = {}
    series: tuple[Series, ...] = ()
    pages: tuple[tuple[int, int], ...] = ()
    lang: str = ""
    duration_ms: int = 0
    confidence: int = 1000
    troubles: tuple[str, ...] = ()


class Perceiver(Protocol):
    """One kind of service.

    A local one burns CPU: the hub runs it in a child process of its own, with bounds on time and
    memory, and keeps it there once its model is loaded. A remote one is lent `Send`.
    """

    kind: str
    """`speech`, `document`, `waveform`, `gauge`; a plug-in may bring its own."""
    title: str
    title_en: str
    local: bool
    needs: tuple[str, ...]
    """Options and secrets without which it can't work; secrets end in `secret` or `key`."""
    extra: str
    """The extra of the distribution that its libraries come with, "" = none."""

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Look at an original. `hints`: `terms` (words of the catalogue, likeliest first), `lang`,
        `device`, `template`…

        Raises InputError where the bytes are no such original (code names why), NotAvailable where
        the service, the extra or the model is not there.
        """
        ...


@runtime_checkable
class Talker(Protocol):
    """A perceiver whose far side is talked to over a WebSocket: `converse` in place of `perceive`,
    lent `Talk` in place of `Send`.
    """

    async def converse(
        self,
        account: Account,
        talk: Talk,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Look at an original. Raises as `perceive`."""
        ...
