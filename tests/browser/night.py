"""A night of 200 targets with four kinds of failure, against the command's simulator: makes the page of its report."""

import json
import subprocess
import time
import urllib.request

CLOUDS = ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"]
EACH = 40

# What a cloud, a file or a list of targets may be called, and what must stay text.
SCRIPT = "<script>window.broken = 1</script>"
IMAGE = '"><img src=x onerror="window.broken = 2">'

# What goes wrong: whose, how often, and what.
FAULTS = [
    ("jdcloud", "importImage", 11, {"refuse": {"http": 400, "code": "QUOTA_EXCEEDED", "message": f"no {SCRIPT} of yours"}}),
    ("huawei", "CreateImage", 7, {"refuse": {"http": 403, "code": "PAP5.0011", "message": f"{IMAGE} is forbidden"}}),
    ("aliyun", None, 5, {"fail_import": {"code": "InvalidImage.Platform", "reason": f"{SCRIPT} is no platform"}}),
    ("tencent", None, 3, {"fail_import": {"code": "IMPORTFAILED", "reason": ""}}),
    # These two go on, and are no failures.
    ("ucloud", None, 2, "stall"),
]  # fmt: skip
FAILED = sum(times for cloud, _, times, _ in FAULTS if cloud != "ucloud")
HOSTILE = [f"{SCRIPT} at night".replace("/", "\\"), IMAGE]


def line(file):
    """The line of the simulator, once it is there."""
    for _ in range(300):
        text = file.read_text()
        if text.endswith("\n"):
            return json.loads(text)
        time.sleep(0.1)
    raise TimeoutError("the simulator does not start")


def inject(control, cloud, operation, times, kind):
    fault = {"cloud": cloud, "operation": operation, "times": times, "kind": kind}
    request = urllib.request.Request(f"{control}/faults", json.dumps(fault).encode(), method="POST")
    urllib.request.urlopen(request).close()


def targets():
    """The file of targets: each in a region of its own, two with names that no page may take for HTML."""
    names = [(cloud, f"{cloud}-{number}", number) for number in range(EACH) for cloud in CLOUDS]
    names[4] = (names[4][0], HOSTILE[0], names[4][2])
    names[9] = (names[9][0], HOSTILE[1], names[9][2])
    tables = (
        f"[targets.{json.dumps(name)}]\n"
        f'to = "{cloud}/cn-night-{number}"\nbucket = "{cloud}-{number}-1250000000"\n'
        for cloud, name, number in names
    )
    return "".join(tables)


def made(program, image, folder):
    """Imports, and returns the page."""
    ready = folder / "sim.json"
    with open(ready, "w") as out:
        line_of_sim = [program, "sim", "--import-time", "2s", "--any-object"]
        simulator = subprocess.Popen(line_of_sim, stdout=out, stderr=subprocess.DEVNULL)
    try:
        control = line(ready)["control"]
        for fault in FAULTS:
            inject(control, *fault)
        (folder / "targets.toml").write_text(targets())
        disk = folder / f"{IMAGE}.qcow2".replace("/", "\\")
        disk.write_bytes(image.read_bytes())
        state = ["--state", str(folder / "state")]
        order = ["--targets", str(folder / "targets.toml"), "--name", "web-2026-11", "--os", "CentOS 7.9", "--timeout", "20s"]
        # Its regions are invented: asked before, the clouds would refuse the order.
        order += ["--no-preflight"]
        done = subprocess.run(
            [program, "import", f"--simulate={ready}", *state, *order, str(disk)],
            stdout=subprocess.DEVNULL, stderr=open(folder / "import.log", "w"),
        )  # fmt: skip
        if done.returncode != 6:
            raise RuntimeError(f"the import ended with {done.returncode}\n{(folder / 'import.log').read_text()[-4000:]}")
        page = folder / "report.html"
        subprocess.run([program, "report", *state, "web-2026-11", "--html", str(page)], check=True)
        return page
    finally:
        simulator.terminate()
        simulator.wait()
