"""The pages of the book in a real browser: python3 book.py CHROMIUM BOOK FOLDER. See README.md."""

import pathlib
import sys

from chromium import Chromium

WIDTHS = (1280, 390)
# Of a page in a frame, and of no page.
LEFT_OUT = {"toc.html"}

# What is wider than the screen, and is not scrolled by itself. The document is not: its content is scrolled in a part of it.
WIDE = """[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
  && !e.closest('pre, .table-wrapper')).slice(0, 3).map((e) => e.outerHTML.slice(0, 80))"""


def look(tab, page, width, folder, book):
    """What is wrong with a page at a width."""
    tab.open(page.as_uri(), width, 844, "light")
    name = str(page.relative_to(book).with_suffix("")).replace("/", "-")
    tab.shot(folder / f"book-{name}-{width}.png")
    wide, screen = tab.js("[document.documentElement.scrollWidth, innerWidth]")
    if wide > screen:
        yield f"is {wide} wide, and the screen {screen}"
    if beyond := tab.js(WIDE):
        yield f"has what is wider than the screen: {beyond}"
    if tab.js("document.querySelectorAll('h1').length") < 1 or len(tab.js("document.querySelector('main').innerText")) < 80:
        yield "has no title or no text"
    if missing := tab.js("[...document.images].filter((image) => image.naturalWidth === 0).map((image) => image.src)"):
        yield f"lacks pictures: {missing}"
    # A warning is that of the highlighter about a language that it does not know.
    said = [event["type"] for event in tab.of("Runtime.consoleAPICalled") if event["type"] in ("error", "assert")]
    said += [event["exceptionDetails"]["text"] for event in tab.of("Runtime.exceptionThrown")]
    said += [event["entry"]["text"] for event in tab.of("Log.entryAdded") if event["entry"]["level"] == "error"]
    if said:
        yield f"says on the console {said}"
    asked = [event["request"]["url"] for event in tab.of("Network.requestWillBeSent")]
    if outside := [url for url in asked if not url.startswith(("file://", "data:"))]:
        yield f"asks the network: {outside}"


def main():
    chromium, book, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
    pages = sorted(page for page in book.rglob("*.html") if page.name not in LEFT_OUT)
    wrong, tab = [], Chromium(chromium)
    try:
        for page in pages:
            for width in WIDTHS:
                wrong += [f"{page.relative_to(book)} at {width}: {what}" for what in look(tab, page, width, folder, book)]
    finally:
        tab.close()
    for what in wrong[:60]:
        print(f"*** {what}", file=sys.stderr)
    print(f"{len(pages)} pages of the book at {len(WIDTHS)} widths, {len(wrong)} complaints")
    sys.exit(bool(wrong) or len(pages) < 20)


if __name__ == "__main__":
    main()
