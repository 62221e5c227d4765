"""证据与封存 in a browser: the log is opened, a witness is added and cosigns, a deposit is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from danshu.faces.witness import Logs, Server, Witness
from danshu.kernel import note
from danshu.testing import court_chain
from tests.console.conftest import PDA, Visit
from tests.console.site import CODE, Site
from tests.fixtures.serving import serve


def test_a_lawyer_opens_the_log_to_others(
    site: Site, visit: Visit, expected: Callable[..., None], tmp_path: Path
) -> None:
    expected(r"status of 422.*\(/v1/books/witnesses\)")
    keys = site.call("GET", "/v1/trust")["keys"]
    logs = tmp_path / "logs.txt"
    logs.write_text(
        "".join(
            note.VerifierKey(
                name=f"danshu/{CODE}/*",
                kind=note.ED25519,
                public_key=bytes.fromhex(key["public_key"]),
            ).encode()
            + "\n"
            for key in keys
        )
    )
    witness = Witness(tmp_path / "data", "witness.example/w1", Logs(logs), lambda: 1_790_000_000)
    page = visit("/evidence", "legal")
    expect(page.get_by_role("region", name="账本").first).to_contain_text(f"danshu/{CODE}/")
    page.get_by_role("switch", name="对外公开").click()
    expect(
        page.get_by_text("检查点、瓦片与证明对外公开,条目不公开".replace(",", "，"))
    ).to_be_visible()
    with serve(Server(witness)) as url, court_chain.serve() as platform:
        page.get_by_role("button", name="添加见证人").click()
        form = page.get_by_role("dialog")
        form.get_by_label("见证人公钥").fill("nonsense")
        form.get_by_label("地址").fill(url)
        form.get_by_role("button", name="添加见证人").click()
        expect(form.get_by_role("alert")).to_be_visible()
        form.get_by_label("见证人公钥").fill(witness.key.encode())
        form.get_by_role("button", name="添加见证人").click()
        expect(form).to_have_count(0)
        page.get_by_role("button", name="立即出示").click()
        table = page.get_by_role("region", name="见证人").last
        expect(table).to_contain_text("witness.example/w1")
        expect(table).to_contain_text("已共签")
        page.get_by_role("button", name="接存证平台").click()
        form = page.get_by_role("dialog")
        form.get_by_label("平台地址").fill(platform.url)
        form.get_by_label("应用标识").fill(court_chain.KEY)
        form.get_by_label("密钥").fill(court_chain.SECRET)
        platform.faults = ["slow chain"]
        form.get_by_role("button", name="接存证平台").click()
        expect(form).to_have_count(0)
        page.get_by_role("button", name="立即存证").click()
        deposits = page.get_by_role("region", name="第三方存证").last
        expect(deposits).to_contain_text("已收存，未上链")
        expect(deposits).not_to_contain_text("区块链存证")
        platform.mine()
        page.get_by_role("button", name="立即存证").click()
        expect(deposits).to_contain_text("区块链存证")
    for role in ("service", "warehouse"):
        expect(visit("/evidence", role).locator("main")).to_contain_text("权限")
    witness.close()


def test_it_fits_a_narrow_screen(visit: Visit) -> None:
    page = visit("/evidence", "legal", size=PDA)
    expect(page.get_by_role("heading", name="证据与封存")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
