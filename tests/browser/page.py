"""The page of a report in a real browser: python3 page.py COMMAND CHROMIUM IMAGE FOLDER. See README.md."""

import json
import pathlib
import sys

import night
from chromium import Chromium

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
LOOK = (pathlib.Path(__file__).parent / "look.js").read_text()
KEYS = {"Tab": 9, "Enter": 13, " ": 32}

# The roles of the accessibility tree whose elements a reader comes to by name.
NAMED = {
    "button", "searchbox", "textbox", "link", "combobox", "checkbox", "region", "navigation", "table", "image", "img",
    "columnheader", "rowheader", "heading", "DisclosureTriangle",
}  # fmt: skip


class Checks:
    """What was wrong, each with where."""

    def __init__(self):
        self.where, self.count, self.wrong = "", 0, []

    def that(self, good, what):
        self.count += 1
        if not good:
            self.wrong.append(f"{self.where}: {what}")


def rows(tab, column):
    """The texts of a column, of the rows that are shown."""
    return tab.js(
        "[...document.querySelector('#targets tbody').rows].filter((row) => !row.hidden)"
        f".map((row) => row.cells[{column}].textContent)"
    )


def heads(tab):
    return tab.js("[...document.querySelectorAll('#targets thead th')].map((head) => head.textContent)")


def press(tab, key):
    tab.press(key, KEYS[key], {"Enter": "\r", " ": " "}.get(key, ""))


def nothing_foreign(tab, checks):
    """No request, no word on the console, and what is hostile is text."""
    asked = [event["request"]["url"] for event in tab.of("Network.requestWillBeSent")]
    checks.that(len(asked) == 1 and asked[0].startswith("file://"), f"asks the network: {asked[1:]}")
    said = [event["type"] for event in tab.of("Runtime.consoleAPICalled")]
    said += [event["exceptionDetails"]["text"] for event in tab.of("Runtime.exceptionThrown")]
    said += [event["entry"]["text"] for event in tab.of("Log.entryAdded")]
    checks.that(not said, f"the console says {said}")
    checks.that(tab.js("window.broken === undefined"), "a foreign text was run")
    checks.that(tab.js("document.querySelectorAll('img, iframe, object, embed, link, base, form').length") == 0, "foreign elements")
    checks.that(tab.js("document.scripts.length") == 1, "foreign scripts")
    text = tab.js("document.body.textContent")
    for hostile in [night.SCRIPT, night.IMAGE, *night.HOSTILE]:
        checks.that(hostile in text, f"{hostile} is not shown as it is")


def fits(tab, checks, least=200):
    """The page itself is as wide as the screen, and nothing is too small to press."""
    wide, screen = tab.js("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    checks.that(wide <= screen, f"the page is {wide} wide, and the screen {screen}")
    look = tab.js(LOOK)
    checks.that(len(look["texts"]) > least, "there are hardly any texts")
    for ratio, text in look["texts"]:
        checks.that(ratio >= 4.5, f"contrast {ratio:.2f} of `{text}`")
    for ratio, name, kind in look["shapes"]:
        checks.that(ratio >= (4.5 if kind == "text" else 3), f"contrast {ratio:.2f} of {kind} {name} in the picture")
    for size, name in look["pressed"]:
        checks.that(size >= 24, f"`{name}` is {size} pixels small")


def has_names(tab, checks, many_pictures=1):
    """By the tree that the browser gives to a screen reader."""
    tree = tab.call("Accessibility.getFullAXTree")["nodes"]
    nodes = [node for node in tree if not node.get("ignored")]
    role = lambda node: node["role"].get("value", "")
    by_role = {}
    for node in nodes:
        by_role.setdefault(role(node), []).append(node.get("name", {}).get("value", "").strip())
    for kind in NAMED:
        checks.that("" not in by_role.get(kind, []), f"a {kind} without a name")
    for kind, many in (("main", 1), ("banner", 1), ("table", 1), ("searchbox", 1), ("status", 1)):
        checks.that(len(by_role.get(kind, [])) == many, f"{len(by_role.get(kind, []))} times {kind}, not {many}")
    checks.that(len(by_role.get("columnheader", [])) == len(heads(tab)), "headings of columns are not such")
    checks.that(len(by_role.get("rowheader", [])) == len(rows(tab, 0)), "headings of rows are not such")
    pictures = [node for node in nodes if role(node) in ("image", "img")]
    checks.that(len(pictures) == many_pictures, f"{len(pictures)} pictures")
    # Without a description of its own, a browser repeats the title.
    described = [node.get("description", {}).get("value", "") for node in pictures]
    names = [node["name"]["value"] for node in pictures]
    checks.that(all(described) and (described != names or not names), "the picture has no description")
    checks.that(
        tab.js("[...document.querySelectorAll('th')].every((head) => ['row', 'col'].includes(head.scope))"), "th without scope"
    )
    levels = tab.js("[...document.querySelectorAll('h1, h2, h3, h4')].map((head) => Number(head.localName[1]))")
    checks.that(levels[0] == 1 and levels.count(1) == 1, f"headings {levels}")
    checks.that(all(two <= one + 1 for one, two in zip(levels, levels[1:])), f"headings leave out a level: {levels}")
    checks.that(tab.js("document.documentElement.lang") == "en" and tab.js("document.title"), "no language or title")


# Whether texts stand as a person sorts them: numbers by their size, and what is empty last in both ways.
IN_ORDER = """((texts, way) => texts.every((text, at) => at === 0 || text === "" ||
  (texts[at - 1] !== "" && way * new Intl.Collator("en", { numeric: true }).compare(texts[at - 1], text) <= 0)))"""


def sorts(tab, checks, names):
    """Each heading sorts up and down, by the pointer and by the keyboard."""
    for column, name in enumerate(names):
        before = sorted(rows(tab, column))
        for turn, way in enumerate(("ascending", "descending")):
            where = f"sorting by {name}, {way}"
            button = f"document.querySelectorAll('#targets thead button')[{column}]"
            if turn == 0:
                tab.js(f"{button}.scrollIntoView({{ block: 'center', inline: 'center' }})")
                place = tab.js(f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({button}.getBoundingClientRect())")
                tab.click(*place)
            else:
                tab.js(f"{button}.focus()")
                press(tab, "Enter" if column % 2 else " ")
            states = tab.js("[...document.querySelectorAll('#targets thead th')].map((head) => head.getAttribute('aria-sort'))")
            checks.that(states[column] == way and states.count(None) == len(names) - 1, f"{where}: {states}")
            found = rows(tab, column)
            checks.that(sorted(found) == before, f"{where}: rows are lost")
            checks.that(tab.js(f"{IN_ORDER}({json.dumps(found)}, {1 - 2 * turn})"), f"{where}: {found[:10]}")


def filters(tab, checks):
    """What is typed is looked for in all columns; what is typed away is shown again."""
    tab.js("document.getElementById('filter').focus()")
    every = len(rows(tab, 0))
    for text, many in (("quota_exceeded", 11), ("no such thing", 0), ("huawei-3", 11)):
        tab.js("document.getElementById('filter').select()")
        tab.call("Input.insertText", text=text)
        checks.that(len(rows(tab, 0)) == many, f"{len(rows(tab, 0))} rows with `{text}`, not {many}")
        told = tab.js("document.querySelector('[role=status]').textContent")
        checks.that(told.startswith(f"{many} of {every}"), f"it says `{told}`")
    tab.js("document.getElementById('filter').select()")
    tab.press("Backspace", 8)
    checks.that(len(rows(tab, 0)) == every, "not all rows come back")


def goes_by_keys(tab, checks, names):
    """The Tab key reaches all that can be pressed, shows where it is, and gets out again."""
    tab.js("document.activeElement.blur(), scrollTo(0, 0)")
    wanted = tab.js("[...document.querySelectorAll('button, input, a, summary, [tabindex]')].filter((e) => e.checkVisibility()).length")
    reached = set()
    for _ in range(wanted + 3):
        press(tab, "Tab")
        place, outline = tab.js(
            "((at) => [[...document.querySelectorAll('*')].indexOf(at), getComputedStyle(at).outlineStyle])(document.activeElement)"
        )
        if tab.js("document.activeElement === document.body"):
            continue
        reached.add(place)
        checks.that(outline != "none", f"focus is not seen on {tab.js('document.activeElement.outerHTML.slice(0, 80)')}")
    checks.that(len(reached) == wanted, f"Tab reaches {len(reached)} of {wanted}")
    checks.that(wanted >= len(names) + 1, f"only {wanted} things can be reached")


def main():
    command, chromium, image, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    page = night.made(command, image, folder)
    checks = Checks()
    tab = Chromium(chromium)
    try:
        look(tab, checks, page, folder)
    finally:
        tab.close()
    for wrong in list(dict.fromkeys(checks.wrong))[:60]:
        print(f"*** {wrong}", file=sys.stderr)
    print(f"{checks.count} checks, {len(checks.wrong)} failed")
    sys.exit(bool(checks.wrong))


def look(tab, checks, page, folder):
    """Everything, at each width in each scheme."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            checks.where = f"{width} {scheme}"
            tab.open(page.as_uri(), width, 844, scheme)
            tab.shot(folder / f"{width}-{scheme}.png", whole=True)
            names = heads(tab)
            checks.that(len(rows(tab, 0)) == len(night.CLOUDS) * night.EACH, "not all targets have a row")
            failed = [text for text in rows(tab, names.index("Code")) if text]
            checks.that(len(set(failed)) >= 4 and len(failed) >= night.FAILED, f"failures: {sorted(failed)}")
            fits(tab, checks)
            has_names(tab, checks)
            goes_by_keys(tab, checks, names)
            filters(tab, checks)
            sorts(tab, checks, names)
            fits(tab, checks)
            nothing_foreign(tab, checks)


if __name__ == "__main__":
    main()
