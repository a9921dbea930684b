"""The pages of a fleet's worker in a real browser: python3 live.py COMMAND CHROMIUM IMAGE FOLDER. See README.md."""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import night
from chromium import Chromium
from page import SCHEMES, WIDTHS, Checks, fits, goes_by_keys, has_names, heads, rows
from postgres import Postgres

# Long enough to be looked at while it lasts.
IMPORT = "15s"
EACH = 3
# How often the pages look again, in seconds.
EVERY = 3


def until(what, is_so, seconds=60):
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.2)


class Fleet:
    """A database, simulated clouds, a worker that answers, and a job whose names try to be HTML."""

    def __init__(self, program, image, folder):
        self.program, self.folder = program, folder
        self.database = Postgres()
        self.ready = folder / "fleet-sim.json"
        # Of a worker's machine.
        self.environment = {**os.environ, "HOME": str(folder)}
        with open(self.ready, "w") as out:
            line = [program, "sim", "--import-time", IMPORT, "--any-object"]
            self.simulator = subprocess.Popen(line, stdout=out, stderr=subprocess.DEVNULL)
        night.line(self.ready)
        self.worker = self.started("fleet", "serve", "--serves", "all", "--slots", "4", "--http=127.0.0.1:0")
        log = folder / "fleet.log"
        until("the worker does not answer", lambda: "answering at " in log.read_text())
        self.base = log.read_text().split("answering at ")[1].split()[0]
        self.disk = folder / f"live {night.IMAGE}.qcow2".replace("/", "\\")
        self.disk.write_bytes(image.read_bytes())
        names = [f"{cloud}-{number}" for number in range(EACH) for cloud in night.CLOUDS]
        names[1], names[4] = night.HOSTILE
        tables = (
            f'[targets.{json.dumps(name)}]\nto = "{cloud}/cn-live-{at}"\nbucket = "{cloud}-{at}-1250000000"\n'
            for at, (name, cloud) in enumerate(zip(names, night.CLOUDS * EACH))
        )
        self.targets = folder / "live.toml"
        self.targets.write_text("".join(tables))

    def started(self, *words):
        line = [self.program, *words, "--fleet", self.database.url, f"--simulate={self.ready}"]
        with open(self.folder / "fleet.log", "w") as log:
            return subprocess.Popen(line, env=self.environment, stdout=subprocess.DEVNULL, stderr=log)

    def submit(self, name):
        line = [self.program, "import", "--fleet", self.database.url, f"--simulate={self.ready}", "--no-wait"]
        line += ["--targets", str(self.targets), "--name", name, "--os", "CentOS 7.9", str(self.disk)]
        done = subprocess.run(line, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def get(self, path):
        with urllib.request.urlopen(self.base + path) as answer:
            return answer.read().decode()

    def job(self):
        """The path of the page of its job, once that is begun."""
        until("no job", lambda: 'href="jobs/' in self.get(""))
        return self.get("").split('href="', 2)[1].split('"')[0]

    def close(self):
        for process in (self.worker, self.simulator):
            process.terminate()
            process.wait()
        self.database.close()


def quiet(tab, checks, base, hostile):
    """Only the worker is asked, and only for pages; nothing is said on the console; what is hostile is text."""
    asked = [event["request"] for event in tab.of("Network.requestWillBeSent")]
    checks.that(all(one["url"].startswith(base) and one["method"] == "GET" for one in asked), f"asks for {asked}")
    said = [event["type"] for event in tab.of("Runtime.consoleAPICalled")]
    said += [event["exceptionDetails"]["text"] for event in tab.of("Runtime.exceptionThrown")]
    said += [event["entry"]["text"] for event in tab.of("Log.entryAdded")]
    checks.that(not said, f"the console says {said}")
    checks.that(tab.js("window.broken === undefined"), "a foreign text was run")
    checks.that(tab.js("document.querySelectorAll('img, iframe, object, embed, link, base, form').length") == 0, "foreign elements")
    checks.that(tab.js("document.scripts.length") == 1, "foreign scripts")
    text = tab.js("document.body.textContent")
    for one in hostile:
        checks.that(one in text, f"{one} is not shown as it is")


def goes_on(tab, checks, fleet, page):
    """A page that is open shows what is new by itself, and what its reader did with it stays."""
    tab.open(fleet.base + page, 1280, 844, "light")
    checks.that(tab.js("document.getElementById('live')?.checked"), "a page of what goes on does not look again")
    tab.js("window.same = 1; document.getElementById('filter').focus()")
    tab.call("Input.insertText", text="huawei")
    tab.js("document.querySelectorAll('#targets thead button')[0].click()")
    tab.js("document.querySelectorAll('#targets thead button')[0].click()")
    tab.js("document.getElementById('filter').focus()")
    # The job is there before any of its targets is begun.
    until("its targets are not shown", lambda: len(rows(tab, 0)) == EACH)
    before = rows(tab, 0)
    checks.that(len(before) == EACH and before == sorted(before, reverse=True), f"rows {before}")
    checks.that("succeeded" not in rows(tab, 1), "it was over before it was looked at")
    until("nothing new is shown", lambda: rows(tab, 1) == ["succeeded"] * EACH, 90)
    # These regions are invented, and two clouds say so: what nobody goes on with is told, with the reason.
    left = "[...document.querySelectorAll('li.left')].map((one) => one.textContent)"
    until("what is left is not told", lambda: len(tab.js(left)) == 2 * EACH)
    checks.that(all("does not list" in one for one in tab.js(left)), f"left for a person: {tab.js(left)}")
    checks.that(rows(tab, 0) == before, f"sorted and filtered before: {before}, and now {rows(tab, 0)}")
    checks.that(tab.js("document.activeElement.id") == "filter", "the focus is lost")
    checks.that(tab.js("window.same === 1"), "the page was loaded anew")
    until("it goes on looking", lambda: not tab.js("!!document.getElementById('live')"))
    many = len(tab.of("Network.requestWillBeSent"))
    tab.js(f"new Promise((done) => setTimeout(done, {EVERY * 2000}))")
    checks.that(len(tab.of("Network.requestWillBeSent")) == many, "it is looked for what is over")
    quiet(tab, checks, fleet.base, night.HOSTILE)


def stays(tab, checks, fleet):
    """Whoever reads on takes the mark away; a worker that cannot answer is said to be that."""
    tab.open(fleet.base, 1280, 844, "light")
    tab.js("document.getElementById('live').click()")
    many = len(tab.of("Network.requestWillBeSent"))
    tab.js(f"new Promise((done) => setTimeout(done, {EVERY * 2000}))")
    checks.that(len(tab.of("Network.requestWillBeSent")) == many, "it is looked again all the same")
    tab.js("document.getElementById('live').click()")
    told = "document.getElementById('made').textContent.includes('No answer')"
    fleet.database.stop()
    until("nothing tells that nobody answers", lambda: tab.js(told))
    fleet.database.start()
    until("it is still said that nobody answers", lambda: not tab.js(told))


def look(tab, checks, fleet, page):
    """Both pages at each width in each scheme."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            for path, pictures, hostile in (("", 0, []), (page, 1, night.HOSTILE)):
                checks.where = f"{path or 'all jobs'} {width} {scheme}"
                tab.open(fleet.base + path, width, 844, scheme)
                tab.shot(fleet.folder / f"live-{'job' if path else 'all'}-{width}-{scheme}.png", whole=True)
                fits(tab, checks, least=10)
                has_names(tab, checks, pictures)
                goes_by_keys(tab, checks, heads(tab))
                quiet(tab, checks, fleet.base, hostile)


def main():
    command, chromium, image, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    checks = Checks()
    fleet = Fleet(command, image, folder)
    tab = Chromium(chromium)
    try:
        fleet.submit("web-live")
        page = fleet.job()
        checks.where = "live"
        goes_on(tab, checks, fleet, page)
        look(tab, checks, fleet, page)
        checks.where = "stays"
        stays(tab, checks, fleet)
    finally:
        tab.close()
        fleet.close()
    for wrong in list(dict.fromkeys(checks.wrong))[:60]:
        print(f"*** {wrong}", file=sys.stderr)
    print(f"live: {checks.count} checks, {len(checks.wrong)} failed")
    sys.exit(bool(checks.wrong))


if __name__ == "__main__":
    main()
