"""What the Python scripts share: where the simulator is, how an import is followed, how a result is told.

Knows no SDK.
"""

import json
import os
import time
import uuid
from importlib import metadata
from urllib.parse import urlsplit

KEY_ID = os.environ["SIM_KEY_ID"]
SECRET = os.environ["SIM_SECRET"]
WRONG_SECRET = "not-" + SECRET


def url(cloud):
    """`http://127.0.0.1:PORT` of a simulated cloud."""
    return json.loads(os.environ["SIM_READY"])[cloud]


def host(cloud):
    """`127.0.0.1:PORT` of a simulated cloud."""
    return urlsplit(url(cloud)).netloc


def client_token():
    """A new one: a simulator that is kept running remembers the old."""
    return uuid.uuid4().hex


def equal(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


def refused(call, exception, code_of, wanted):
    """The call has to end in the SDK's own exception with the vendor's code."""
    try:
        call()
    except exception as error:
        equal("code of the refusal", code_of(error), wanted)
        return
    raise SystemExit("a request signed with a wrong secret was taken")


def follow(poll, running, done, seconds=30):
    """Polls until the state is `done`. Any state but those of `running` on the way is an error."""
    deadline = time.monotonic() + seconds
    while True:
        state = poll()
        if state == done:
            return
        if state not in running:
            raise SystemExit(f"the import ended in the state {state!r}")
        if time.monotonic() > deadline:
            raise SystemExit(f"the import is still {state!r} after {seconds} s")
        time.sleep(0.2)


def passed(package, image_id):
    print(f"ok {package}@{metadata.version(package)} {image_id}")
