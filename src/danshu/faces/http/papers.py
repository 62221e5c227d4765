"""How paper is written: templates that escape everything, words in two languages, bar and QR codes
as inline SVG without style attributes, which the policy would not let in.
"""

from __future__ import annotations

import datetime
import importlib.resources
import re
from typing import TYPE_CHECKING, Any, Final

import barcode  # type: ignore[import-untyped]  # it has no types
import jinja2
import msgspec
import segno
from markupsafe import Markup

from danshu.capabilities.contract.model import State
from danshu.capabilities.contract.views import STATES
from danshu.capabilities.floor.model import TAIL_CHARS
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Struct

    from danshu.hub.timeline import Entry
    from danshu.hub.timeline_figures import Figure
    from danshu.ports.channel import Receiver

_FOLDER: Final = importlib.resources.files("danshu.faces.http") / "paper"
STYLE: Final = _FOLDER.joinpath("paper.css").read_bytes()
SCRIPT: Final = _FOLDER.joinpath("paper.js").read_bytes()
WORDS: Final[dict[str, dict[str, str]]] = {
    lang: msgspec.json.decode(_FOLDER.joinpath(f"{lang}.json").read_bytes())
    for lang in ("zh", "en")
}
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_QUIET: Final = 10  # modules on either side of a Code 128
_BAR_HEIGHT: Final = 40
_HEAD_CHARS: Final = 6
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_MARKS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_SPANS: Final = (
    (86_400_000, "天", "d"),
    (3_600_000, "时", "h"),
    (60_000, "分", "min"),
    (1_000, "秒", "s"),
)


def word(lang: str, key: str) -> str:
    """Give a word of the papers."""
    return WORDS[lang][key]


def render(
    document: str, *, lang: str, printed_ms: int, sheets: Sequence[Struct], **more: Any
) -> str:
    """Write a paper as HTML, one page or more a sheet. All values are escaped; only our own SVG is
    not.
    """

    def say(key: str, **values: Any) -> str:
        return WORDS[lang][key].format(**values)

    at = datetime.datetime.fromtimestamp(printed_ms / 1000, _CHINA)
    return _ENVIRONMENT.get_template(f"{document}.html").render(
        lang=lang,
        w=WORDS[lang],
        sheets=sheets,
        say=say,
        printed_at=at.strftime("%Y-%m-%d %H:%M:%S"),
        **more,
    )


def code128(text: str) -> Markup:
    """Draw a Code 128 of letters and digits as SVG; its quiet zones are part of it."""
    modules = barcode.get_barcode_class("code128")(text).build()[0]
    bars = "".join(
        f'<rect x="{_QUIET + m.start()}" width="{m.end() - m.start()}" height="{_BAR_HEIGHT}"/>'
        for m in re.finditer("1+", modules)
    )
    width = len(modules) + 2 * _QUIET
    box = Markup('<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">')
    return box.format(width, _BAR_HEIGHT, text) + Markup(bars) + Markup("</svg>")


def qr(text: str) -> Markup:
    """Draw a QR code as SVG with its quiet zone."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(border=4, omitsize=True)
    return Markup(drawn.replace("<svg ", '<svg role="img" aria-label="QR" ', 1))


def groups(digest: str) -> str:
    """Write a digest in groups of four."""
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def before_tail(number: str) -> str:
    """Give the few characters of a number before its last five."""
    return number[:-TAIL_CHARS][-_HEAD_CHARS:]


def instant(at: str) -> str:
    """Write an RFC 3339 instant by China's clock, to the millisecond, with the offset."""
    moment = datetime.datetime.fromtimestamp(epoch_ms(at) / 1000, _CHINA)
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03} +08:00"


def short(at: str) -> str:
    """Write an RFC 3339 instant by China's clock: month, day, minute."""
    return datetime.datetime.fromtimestamp(epoch_ms(at) / 1000, _CHINA).strftime("%m-%d %H:%M")


def money(amount: int, currency: str) -> str:
    """Write minor units with two decimals; a currency without a mark stands before it."""
    mark = _MARKS.get(currency, currency + " ")
    sign = "−" if amount < 0 else ""
    return f"{sign}{mark}{abs(amount) // 100:,}.{abs(amount) % 100:02}"


def span(ms: int, lang: str) -> str:
    """Write a stretch of time in its two largest units."""
    left = abs(ms)
    parts: list[str] = []
    for size, zh, en in _SPANS:
        n, left = divmod(left, size)
        if n or (parts and len(parts) < 2):
            parts.append(f"{n} {en if lang == 'en' else zh}")
        if len(parts) == 2:
            break
    return " ".join(parts) or ("0 s" if lang == "en" else "0 秒")


def figure(told: Figure, lang: str) -> str:
    """Write one figure of a sentence."""
    match told.kind:
        case "text":
            return told.text
        case "count":
            return f"{told.amount:,}"
        case "money":
            return money(told.amount, told.currency)
        case "instant":
            return short(told.at) if told.at else "—"
        case "span":
            return span(told.amount, lang)


@jinja2.pass_context
def sentence(context: jinja2.runtime.Context, entry: Entry) -> str:
    """Fill an entry's sentence with its figures."""
    told = {f.name: figure(f, context["lang"]) for f in entry.figures}
    return _PLACEHOLDER.sub(lambda m: told.get(m[1], m[0]), entry.detail)


@jinja2.pass_context
def promise_state(context: jinja2.runtime.Context, state: str) -> str:
    """Give the engine's word for a promise's state."""
    zh, en = STATES[State(state)]
    return en if context["lang"] == "en" else zh


def address(receiver: Receiver) -> str:
    """Write an address in one line, each part once."""
    parts = (receiver.province, receiver.city, receiver.district, receiver.street, receiver.detail)
    return " ".join(dict.fromkeys(p for p in parts if p))


_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FunctionLoader(lambda name: _FOLDER.joinpath(name).read_text("utf-8")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    {
        f.__name__: f
        for f in (
            *(address, before_tail, code128, groups, instant, money, promise_state, qr),
            *(sentence, short),
        )
    }
)
