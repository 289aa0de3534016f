"""Take docs/report.png, the picture of the README: parts of a real report, in a real browser.

make demo && .venv/bin/python docs/picture.py goldwire-demo/report.html
"""

from __future__ import annotations

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PICTURE = Path(__file__).with_name("report.png")
WIDTH, LEAST = 1100, 420  # pixels: of the page; of the picture's height
COLOURS = 256  # flat drawings lose nothing to a palette, and take a third of the room
DOCUMENT, SENTENCE = 9, 4  # in the order of the report: one that both systems have something right in
# What a picture has no room for, and the ends of what it shows.
HIDDEN = (
    "nav, #theme, .facts, .lead, h2, h3, .soft, details, .tools, .pager, .tabs[data-tabs=matrix], footer, "
    "main > section:not(#ranking, #documents), #documents > .scroll, .eyebrow, "
    "#reader > :not(:has(.block), .legend)"
)


def trim(page: Page) -> None:
    """Leave the ranking, and a sentence with gold and systems."""
    page.locator("#documents-table tbody button").nth(DOCUMENT).click()
    page.wait_for_selector("#reader .block")
    page.evaluate(
        """([hidden, sentence]) => {
            for (const part of document.querySelectorAll(hidden)) part.style.display = "none";
            [...document.querySelectorAll("#reader .block")].forEach((block, number) => {
                if (number !== sentence) block.style.display = "none";
            });
            for (const part of document.querySelectorAll("main > section")) {
                part.style.margin = part.style.padding = "0"; part.style.border = "0";
            }
        }""",
        [HIDDEN, SENTENCE],
    )
    page.evaluate("scrollTo(0, 0)")


def main(report: Path) -> None:
    """Write the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": LEAST}, device_scale_factor=1.5)
        page.goto(report.resolve().as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        trim(page)
        page.mouse.move(0, 0)
        taken = page.screenshot(full_page=True)
        browser.close()
    Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
