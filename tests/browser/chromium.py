"""Chromium without a window, asked over its DevTools protocol through a pipe. Knows nothing of any page."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

# How long an answer may take on a busy machine.
PATIENCE = 60

# Nothing that the browser does of its own accord may look like a request of the page.
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--remote-debugging-pipe",
]  # fmt: skip


class Chromium:
    """One tab. Its events are kept in `events`, in the order in which they came."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="browser-")
        # The browser reads from its descriptor 3 and writes to 4.
        (its_in, self.to), (self.come, its_out) = os.pipe(), os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (its_in, its_out)]

        def descriptors():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        line = [program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"]
        self.process = subprocess.Popen(
            line, preexec_fn=descriptors, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for end in (its_in, its_out, *high):
            os.close(end)
        self.read, self.last, self.tab, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.tab = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        """The next message of the browser."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.read:
            if not select.select([self.come], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            come = os.read(self.come, 1 << 20)
            if not come:
                raise EOFError("the browser is gone")
            self.read += come
        text, self.read = self.read.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **values):
        """Calls a method, and returns its result."""
        self.last += 1
        call = {"id": self.last, "method": method, "params": values}
        if self.tab:
            call["sessionId"] = self.tab
        rest = json.dumps(call).encode() + b"\0"
        while rest:
            rest = rest[os.write(self.to, rest) :]
        while True:
            message = self.message()
            if message.get("id") == self.last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def js(self, text):
        """The value of an expression in the page."""
        done = self.call("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{text[:200]}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def open(self, url, width, height, scheme):
        """Opens a page on a screen of this size, and forgets the events of the one before."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.call("Page.navigate", url=url)
        end = time.monotonic() + PATIENCE
        while not self.of("Page.loadEventFired"):
            if time.monotonic() > end:
                raise TimeoutError(f"{url} is not loaded")
            self.events.append(self.message())

    def of(self, method):
        """What came with the events of this name."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def press(self, key, code, text=""):
        """Presses a key and lets it go."""
        key = {"key": key, "code": key if key != " " else "Space", "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def shot(self, file, whole=False):
        """Writes a picture of what is seen, or of the whole page."""
        done = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(file, "wb") as out:
            out.write(base64.b64decode(done["data"]))
