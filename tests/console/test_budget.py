"""What the first open of the workbench may cost."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.console.conftest import Visit
from tests.console.site import STATIC

SCRIPT_BYTES = 375_000
LOADED = "performance.getEntriesByType('resource').map((entry) => entry.name)"


def test_the_workbench_loads_little_script(visit: Visit) -> None:
    page = visit("/orders", "service")
    expect(page.locator("[role=row]").nth(3)).to_be_visible()
    page.wait_for_timeout(1_000)  # what is fetched ahead counts as well
    sizes = {}
    for name in {urlsplit(url).path for url in page.evaluate(LOADED)}:
        if name.endswith(".js"):
            plain = STATIC / name.lstrip("/")
            packed = plain.with_name(plain.name + ".gz")
            sizes[name] = (packed if packed.is_file() else plain).stat().st_size
    assert sizes
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:8]
    told = "\n".join(f"{size:>8,} {name}" for name, size in largest)
    assert sum(sizes.values()) <= SCRIPT_BYTES, f"{sum(sizes.values()):,} bytes\n{told}"


def test_assets_are_kept_and_compressed(visit: Visit) -> None:
    answers = []
    page = visit("/settings/account", "service")
    page.on("response", lambda answer: answers.append(answer))
    page.reload()
    page.wait_for_timeout(500)
    scripts = [a for a in answers if urlsplit(a.url).path.startswith("/files/")]
    assert scripts
    for answer in scripts:
        assert "immutable" in answer.headers["cache-control"]
        if answer.url.endswith(".js") and int(answer.headers["content-length"]) > 2_000:
            assert answer.headers["content-encoding"] in ("gzip", "br")
