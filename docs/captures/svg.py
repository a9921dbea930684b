"""A capture as a picture: python3 svg.py CAPTURE.txt PICTURE.svg. Its frames follow one another, and the last one stays longest."""

import re
import sys
from xml.sax.saxutils import escape

CELL, LINE, MARGIN, HEAD = 8.4, 19, 18, 34
# Seconds of a frame, and of the last one.
SHORT, LONG = 1.6, 6

STYLE = """
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d7dde5; white-space: pre; }
  .typed { fill: #ffffff; font-weight: 600; }
  .full { fill: #4cc38a; } .empty { fill: #38424f; } .id { fill: #9ecbff; }
"""


def frames(text):
    """Columns, and of each moment its lines."""
    columns = int(re.match(r"(\d+) columns", text)[1])
    moments = re.split(r"^--- .*\n", text, flags=re.M)[1:]
    return columns, [moment.rstrip("\n").split("\n") for moment in moments]


def piece(at, row, text, kind):
    """A text in its cells, however wide a viewer's font is."""
    x, y = MARGIN + at * CELL, HEAD + MARGIN + row * LINE
    wide = f'textLength="{len(text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" {wide}>{escape(text)}</text>' if text.strip() else ""


def bar(at, row, cells):
    """A bar of progress, drawn: its characters differ from font to font."""
    full, x, y = cells.count("█"), MARGIN + at * CELL, HEAD + MARGIN + row * LINE - 12
    parts = [("full", x, full), ("empty", x + full * CELL, len(cells) - full)]
    return "".join(
        f'<rect class="{kind}" x="{left:.1f}" y="{y}" width="{many * CELL:.1f}" height="14"/>' for kind, left, many in parts if many
    )


def line(row, text, is_typed):
    if is_typed:
        return piece(0, row, text, "typed")
    found = re.search("[█░]+", text)
    if found:
        before, after = text[: found.start()].rstrip(), text[found.end() :]
        inner = len(after) - len(after.lstrip())
        return piece(0, row, before, "") + bar(found.start(), row, found[0]) + piece(found.end() + inner, row, after.strip(), "")
    # A result: a target and its image.
    result = re.fullmatch(r"([a-z]+/[a-z0-9-]+) (\S+)", text)
    if result:
        return piece(0, row, result[1], "") + piece(len(result[1]) + 1, row, result[2], "id")
    return piece(0, row, text, "")


def frame(lines):
    typed, out = False, []
    for row, text in enumerate(lines):
        # What is typed goes on in the next row until something is answered.
        typed = text.startswith("$ ") or (typed and not re.match(r"[a-z]+/[a-z0-9-]+ ", text) and row < 3)
        out.append(line(row, text, typed))
    return "\n".join(part for part in out if part)


def animation(count):
    """Each frame is seen in its part of the whole time; without motion, the last one alone."""
    whole = SHORT * (count - 1) + LONG
    rules = []
    for number in range(count):
        begin = 100 * SHORT * number / whole
        end = 100 if number == count - 1 else 100 * SHORT * (number + 1) / whole
        before = "" if number == 0 else f"0%, {begin - 0.01:.2f}% {{ opacity: 0; }} "
        after = "" if end == 100 else f" {end + 0.01:.2f}%, 100% {{ opacity: 0; }}"
        rules.append(f"  @keyframes f{number} {{ {before}{begin:.2f}%, {end:.2f}% {{ opacity: 1; }}{after} }}")
        rules.append(f"  .f{number} {{ animation: f{number} {whole:.1f}s linear infinite; }}")
    hidden = ", ".join(f".f{number}" for number in range(count - 1))
    rules.append(f"  @media (prefers-reduced-motion: reduce) {{ g {{ animation: none !important; }} {hidden} {{ opacity: 0; }} }}")
    return "\n".join(rules)


def main():
    source, target = sys.argv[1:]
    columns, all_frames = frames(open(source).read())
    width = columns * CELL + 2 * MARGIN
    height = HEAD + MARGIN + max(map(len, all_frames)) * LINE + 4
    last = len(all_frames) - 1
    hidden = ' opacity="0"'
    shown = "\n".join(
        f'<g class="f{number}"{"" if number == last else hidden}>\n{frame(lines)}\n</g>'
        for number, lines in enumerate(all_frames)
    )
    words = escape("\n".join(all_frames[-1]))
    dots = "".join(f'<circle cx="{MARGIN + 4 + 20 * n}" cy="18" r="6" fill="{c}"/>' for n, c in enumerate(("#ff5f57", "#febc2e", "#28c840")))
    with open(target, "w") as out:
        out.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" role="img">\n'
            f"<title>An import to five simulated clouds</title>\n<desc>{words}</desc>\n"
            f"<style>{STYLE}{animation(len(all_frames))}\n</style>\n"
            f'<rect width="100%" height="100%" rx="8" fill="#10151c"/>\n{dots}\n{shown}\n</svg>\n'
        )


if __name__ == "__main__":
    main()
