"""How the customer's evidence page is made: a template that escapes everything, words in two
languages, one style inside the page, one script of our own that verifies.
"""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any, Final

import jinja2
import msgspec
from markupsafe import Markup

from danshu.faces.http import papers
from danshu.hub.timeline_words import GRADES
from danshu.kernel.limits import REQUEST_CHARS, REQUEST_PHOTOS

if TYPE_CHECKING:
    from danshu.hub.customer import CustomerPage, Promised

_FOLDER: Final = importlib.resources.files("danshu.faces.http") / "customer_page"
SCRIPT: Final = _FOLDER.joinpath("verify.js").read_bytes()
_STYLE: Final = Markup(_FOLDER.joinpath("page.css").read_text("utf-8"))
LANGS: Final = ("zh", "en")
WORDS: Final[dict[str, dict[str, Any]]] = {
    lang: msgspec.json.decode(_FOLDER.joinpath(f"{lang}.json").read_bytes()) for lang in LANGS
}
ICONS: Final = {
    "pending": "i-shield",
    "running": "i-clock",
    "warned": "i-clock",
    "paused": "i-hold",
    "kept": "i-ok",
    "kept_self": "i-ok",
    "broken": "i-no",
    "late": "i-late",
    "borderline": "i-hold",
    "excused": "i-shield",
    "superseded": "i-shield",
}


def choose_lang(asked: str, accepted: str) -> str:
    """Choose a language: the one asked for, else the first of Accept-Language, else Chinese."""
    if asked in LANGS:
        return asked
    weighed: list[tuple[float, int, str]] = []
    for part in accepted.lower().split(","):
        word, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), len(weighed), word[:2]))
        except ValueError:
            continue
    known = [word for weight, _, word in sorted(weighed) if word in LANGS and weight]
    return known[0] if known else "zh"


def render(
    page: CustomerPage,
    *,
    lang: str,
    order: str,
    token: str,
    expires: str,
    nonce: str,
    said: str = "",
) -> str:
    """Write the page. All values are escaped; only our own style and words are not.

    `said` names what became of a request: words of ours, or none.
    """
    words = WORDS[lang]

    def say(key: str, **values: Any) -> str:
        text: str = words[key].format(**values)
        return text

    return _ENVIRONMENT.get_template("page.html").render(
        lang=lang,
        w=words,
        say=say,
        page=page,
        headline=_headline(page, lang),
        said=words["said"].get(said, ""),
        said_cases=words["said_cases"].get(said, ""),
        names={p.code: p.name for p in page.promises},
        bounds={"photos": REQUEST_PHOTOS, "chars": REQUEST_CHARS},
        until=papers.short(expires),
        base=f"/e/{token}",
        order=order,
        nonce=nonce,
        style=_STYLE,
        icons=ICONS,
        grades=[(g, n.en if lang == "en" else n.zh) for g, n in GRADES.items()],
        limits=say(
            "limits",
            tokens=_parties(page.tokens, lang),
            witnesses=_parties(page.witnesses, lang),
        ),
        words=_script_json(words["js"]),
    )


def plain(kind: str, *, lang: str, nonce: str, **values: Any) -> str:
    """Write a page that says one thing: gone, busy, down."""
    words = WORDS[lang]
    return _ENVIRONMENT.get_template("plain.html").render(
        lang=lang,
        title=words[f"{kind}_title"],
        text=words[f"{kind}_text"].format(**values),
        nonce=nonce,
        style=_STYLE,
    )


def _headline(page: CustomerPage, lang: str) -> str:
    verdict = page.verdict
    key = f"h_{verdict.outcome}"
    if verdict.outcome == "unkept" and verdict.paid:
        key += "_paid"
    text: str = WORDS[lang][key].format(
        count=verdict.count, paid=papers.money(verdict.paid, page.currency)
    )
    return text


def _parties(count: int, lang: str) -> str:
    words = WORDS[lang]
    text: str = words["has"].format(n=count) if count else words["none"]
    return text


def _script_json(words: Any) -> Markup:
    """Write JSON that cannot end the script element that it stands in."""
    text = msgspec.json.encode(words).decode()
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))


@jinja2.pass_context
def gap(context: jinja2.runtime.Context, p: Promised) -> str:
    """Say how far a promise is from its deadline, in the engine's figures."""
    lang = context["lang"]
    words = WORDS[lang]
    due = papers.short(p.due) if p.due else ""
    values: dict[str, Any] = {"due": due, "event": p.start_event}
    if p.state in ("pending", "borderline", "superseded", "excused"):
        key = p.state
    elif p.gap_ms is not None:
        key = "early" if p.gap_ms < 0 else "late" if p.gap_ms else "on"
        values["span"] = papers.span(p.gap_ms, lang)
    elif p.left_ms is not None and p.left_ms > 0:
        key, values["span"] = "left", papers.span(p.left_ms, lang)
    else:
        key = "over"
    text: str = words[f"gap_{key}"].format(**values)
    return text


_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FunctionLoader(lambda name: _FOLDER.joinpath(name).read_text("utf-8")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    {
        "gap": gap,
        "groups": papers.groups,
        "instant": papers.instant,
        "money": papers.money,
        "short": papers.short,
    }
)
