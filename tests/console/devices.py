"""What people do at their devices: type as a scanner does, sign with a passkey, choose."""

from __future__ import annotations

from playwright.sync_api import Page, expect

# Keys without a pause between them: on a busy machine the driver's own come as slowly as a
# person's. Into a field they go by the driver, at whatever pace.
_SCAN = """code => {
  const at = document.activeElement ?? document.body;
  if (at.matches("input, textarea, [contenteditable]")) return false;
  for (const key of [...code, "Enter"])
    at.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  return true;
}"""


def scan(page: Page, code: str) -> None:
    """Type as a scanner does: fast, anywhere, with Enter at the end."""
    if not page.evaluate(_SCAN, code):
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def give_passkey(page: Page) -> None:
    """A device that verifies its person by itself, and a passkey on it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.get_by_role("button", name="添加密钥").click()
    expect(page.get_by_text("已添加")).to_be_visible()


def choose(page: Page, label: str, *words: str) -> None:
    """Choose from a select by its label; several words where it takes several."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    for word in words:
        page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden)").get_by_title(
            word, exact=True
        ).click()
    if box.get_attribute("aria-expanded") == "true":
        page.keyboard.press("Escape")
