"""verify.html of a bundle: opened from disk in a browser, it finds what the other verifiers find.

It needs no hub; it is here because the browser is.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # no types
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from danshu.faces import verify
from danshu.hub import bundle_files
from danshu.stories import forging
from danshu.testing import dossier
from tests.conformance import test_attested as attested
from tests.conformance import test_disclosed as disclosed
from tests.conformance import test_forgeries as table

_VERIFY = """async ([bundle, trust]) => {
  const told = await verifyBundle(Uint8Array.from(atob(bundle), (c) => c.charCodeAt(0)), trust);
  return [told.code, told.checks.map((c) => [c.file, c.check, c.passed])];
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(bundle_files.page())
    opened = browser.new_page(viewport={"width": 390, "height": 844}, offline=True)
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith(("file:", "blob:")):
            faults.append(request.url)

    opened.on("console", hear)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", see)
    opened.goto(path.as_uri())
    yield opened
    opened.context.close()
    assert not faults


def ask(page: Page, bundle: bytes, trust: tuple[str, ...] = dossier.TRUST) -> tuple[int, list[Any]]:
    code, checks = page.evaluate(_VERIFY, [base64.b64encode(bundle).decode(), list(trust)])
    return code, [tuple(c) for c in checks]


def test_a_person_verifies_from_disk(page: Page, tmp_path: Path) -> None:
    bundle = tmp_path / "order.evb.zip"
    bundle.write_bytes(table.WHOLE)
    page.get_by_label("日志公钥与见证人公钥").fill("\n".join(dossier.TRUST))
    page.get_by_label("把证据包").set_input_files(bundle)
    expect(page.locator("#verdict")).to_have_text("全部通过")
    expect(page.locator("#rows tr")).to_have_count(len(dossier_facts()))
    expect(page.get_by_text("不是中立第三方,也不是区块链")).to_be_visible()
    bundle.write_bytes(forging.leave_out(table.WHOLE, {table.LAST}, table.INSIDER))
    page.get_by_label("把证据包").set_input_files([])
    page.get_by_label("把证据包").set_input_files(bundle)
    expect(page.locator("#verdict")).to_have_text("未通过")
    expect(page.locator("#failures")).to_contain_text("链头承诺")
    grave = [v for v in Axe().run(page).response["violations"] if v["impact"] != "minor"]
    assert [v["id"] for v in grave if v["impact"] in ("serious", "critical")] == []
    narrow = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert narrow


def dossier_facts() -> list[int]:
    return table.DOSSIER.orders[0].indexes


def test_it_says_what_the_others_say(page: Page) -> None:
    for trust in (dossier.TRUST, ()):
        report = verify.verify(io.BytesIO(table.WHOLE), trust)
        mine = [(c.file, c.check, c.passed) for c in report.checks]
        assert ask(page, table.WHOLE, trust) == (report.code, mine)


@pytest.mark.parametrize("name", table.FORGERIES)
def test_a_forgery_is_found(page: Page, name: str) -> None:
    make, wanted = table.FORGERIES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        code, checks = ask(page, make())
    assert code == verify.FAILED
    assert wanted in {check for _, check, passed in checks if passed is False}


@pytest.mark.parametrize("name", [n for n in table.ACTS if n != "true"])
def test_a_false_act_is_found(page: Page, name: str) -> None:
    forged, _ = table.ACTS[name]
    code, _ = ask(page, dossier.Dossier(acts=0, forged=forged).bundle())
    assert code == verify.FAILED


def agree(page: Page, bundle: bytes, trust: tuple[str, ...]) -> None:
    report = verify.verify(io.BytesIO(bundle), trust)
    mine = [(c.file, c.check, c.passed) for c in report.checks]
    assert ask(page, bundle, trust) == (report.code, mine)


def test_it_judges_third_parties_as_the_others_do(page: Page) -> None:
    for make, _ in attested.FORGERIES.values():
        agree(page, make(), dossier.TRUST)
    for make, trust, _ in attested.UNCOVERED.values():
        agree(page, make(), trust)
    for kind in ("P-384", "2048", "1024"):
        root, made = attested.by_key(kind)
        agree(page, made, (*dossier.TRUST, root))


def test_it_leaves_sm2_to_the_others(page: Page) -> None:
    path = f"{attested.BOOK}/checkpoint.sm3.tsr"
    plain = bytes.fromhex("06082a8648ce3d040302")  # ecdsa-with-SHA256, as the signer's
    raw = table.FILES[path]
    at = raw.rindex(plain)
    other = bytes.fromhex("06082a811ccf55018375")  # sm2-with-sm3
    forged = raw[:at] + other + raw[at + len(plain) :]
    _, checks = ask(page, attested.bundle({path: forged}))
    assert (path, "stamp", None) in checks


def test_a_changed_byte_is_found_in_every_file(page: Page) -> None:
    for path in sorted(table.FILES):
        at = table.places(path)[-1]
        assert ask(page, forging.forge_byte(table.WHOLE, path, at))[0] == verify.FAILED, path
        if path in (*table.RENDERED, "manifest.json", "manifest.note"):
            continue
        code, _ = ask(page, forging.forge_byte(table.WHOLE, path, at, table.INSIDER))
        assert code == verify.FAILED or path.endswith(".cosigned"), path


def test_it_holds_every_receiver_against_its_own_fact(page: Page) -> None:
    for make in disclosed.MAKERS.values():
        agree(page, make(), dossier.TRUST)
