"""How the rider's page is made: a template, words in two languages, one style, one script."""

from __future__ import annotations

import importlib.resources
from typing import Any, Final

import jinja2
import msgspec
from markupsafe import Markup

from danshu.faces.http.customer_pages import LANGS
from danshu.faces.http.customer_pages import choose_lang as choose_lang
from danshu.kernel.limits import NEGOTIATION_SHIFT_MIN

_FOLDER: Final = importlib.resources.files("danshu.faces.http") / "rider_page"
_STYLE: Final = Markup(_FOLDER.joinpath("page.css").read_text("utf-8"))
_SCRIPT: Final = Markup(_FOLDER.joinpath("page.js").read_text("utf-8"))
WORDS: Final[dict[str, dict[str, Any]]] = {
    lang: msgspec.json.decode(_FOLDER.joinpath(f"{lang}.json").read_bytes()) for lang in LANGS
}
_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FunctionLoader(lambda name: _FOLDER.joinpath(name).read_text("utf-8")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(*, lang: str, nonce: str, base: str) -> str:
    """Write the page; what stands on it comes later, by the stream at `base`."""
    config = {"base": base, "lang": lang, "words": WORDS[lang], "shift": NEGOTIATION_SHIFT_MIN}
    # JSON that cannot end the script element that it stands in
    text = msgspec.json.encode(config).decode().replace("<", "\\u003c").replace("&", "\\u0026")
    return _ENVIRONMENT.get_template("page.html").render(
        lang=lang,
        w=WORDS[lang],
        nonce=nonce,
        style=_STYLE,
        script=_SCRIPT,
        config=Markup(text),
    )


def gone(*, lang: str, nonce: str) -> str:
    """Write the page of a link that opens nothing, whatever the reason."""
    return _ENVIRONMENT.get_template("gone.html").render(
        lang=lang, w=WORDS[lang], nonce=nonce, style=_STYLE
    )
