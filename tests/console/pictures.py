"""The pictures of README and docs/start: `make pictures`, `python -m tests.console.pictures NAME…`.

A fresh hub with the demo's merchant is opened, each page is signed in to and drawn. Pictures are
PNG with a palette, at most PICTURE_BYTES each.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from msgspec import Struct
from playwright.sync_api import Browser, expect, sync_playwright

import hatch_build
from danshu.ledger.engine import start
from tests.console import chromium
from tests.console.site import Site, open_site
from tests.fixtures.engine import FAST, make_server_folder

OUT = Path(__file__).resolve().parents[2] / "docs" / "start"
PICTURE_BYTES = 300_000
PALETTE = "pngquant"  # without it pictures come out some three times as large
SETTLE_MS = 1_500
DESK = (1440, 900)
PDA = (390, 844)


class Picture(Struct, frozen=True, kw_only=True):
    """A page to draw: its file, its path ({order} is one on its way), who looks at it."""

    name: str
    path: str
    role: str = "admin"
    size: tuple[int, int] = DESK
    theme: str = "light"


PICTURES = (
    Picture(name="sign-in", path="/sign-in", role=""),
    Picture(name="overview", path="/"),
    Picture(name="overview-dark", path="/", theme="dark"),
    Picture(name="orders", path="/orders", role="service"),
    Picture(name="order", path="/orders/{order}", role="service"),
    Picture(name="pda", path="/pda", role="warehouse", size=PDA),
)


def draw(site: Site, browser: Browser, picture: Picture, folder: Path) -> Path:
    """Draw one page and give its file."""
    width, height = picture.size
    is_narrow = width < 600
    context = browser.new_context(
        base_url=site.address,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if picture.theme == "dark" else "light",
        reduced_motion="reduce",
        viewport={"width": width, "height": height},
        is_mobile=is_narrow,
        has_touch=is_narrow,
    )
    if picture.role:
        site.prefer(picture.role, locale="zh-CN", theme=picture.theme)
        context.add_cookies(
            [{"name": "danshu", "value": site.cookie(picture.role), "url": site.address}]
        )
    page = context.new_page()
    page.goto(picture.path.format(order=site.by_state("shipped")["order"]), wait_until="load")
    expect(page.locator("h1").first).to_be_visible(timeout=20_000)
    page.wait_for_timeout(SETTLE_MS)
    file = folder / f"{picture.name}.png"
    page.screenshot(path=file, animations="disabled")
    context.close()
    return file


def shrink(file: Path) -> None:
    """Give a picture a palette, and see that it is below PICTURE_BYTES."""
    if tool := shutil.which(PALETTE):
        words = ["--force", "--skip-if-larger", "--output", str(file), "256", str(file)]
        subprocess.run([tool, *words], check=False)
    size = file.stat().st_size
    if size > PICTURE_BYTES:
        raise SystemExit(f"{file.name} has {size:,} bytes, more than {PICTURE_BYTES:,}")


def main(names: list[str]) -> int:
    """Draw the pictures named, or all."""
    hatch_build.build()
    if chromium.main():
        return 1
    if not shutil.which(PALETTE):
        chromium.install(PALETTE)
    path = chromium.find()
    folder = make_server_folder()
    with (
        start(folder / "pg", FAST) as engine,
        open_site(engine.url, orders=20) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        for picture in PICTURES:
            if not names or picture.name in names:
                file = draw(site, browser, picture, OUT)
                shrink(file)
                print(f"{file.name} {file.stat().st_size:,} bytes")
        browser.close()
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
