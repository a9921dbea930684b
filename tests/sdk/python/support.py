"""What the Python scripts share: where the simulator is, how an import or a copy is followed, how a result is told.

Knows no SDK.
"""

import json
import os
import time
import uuid
from importlib import metadata
from urllib.parse import urlsplit
from urllib.request import urlopen

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
            raise SystemExit(f"it ended in the state {state!r}")
        if time.monotonic() > deadline:
            raise SystemExit(f"it is still {state!r} after {seconds} s")
        time.sleep(0.2)


def stored(cloud, bucket, key):
    """Size of an object in a bucket, asked of the simulator itself; `None` where there is none."""
    with urlopen(f"{url('control')}/objects") as answer:
        objects = json.load(answer)
    place = (cloud, bucket, key)
    return next((its["size"] for its in objects if (its["cloud"], its["bucket"], its["key"]) == place), None)


def exported(cloud, bucket, key):
    """The object that an export made has to hold what the image was made of."""
    equal("size of the exported object", stored(cloud, bucket, key), stored(cloud, bucket, "tiny-linux.qcow2"))


def passed(package, image_id):
    print(f"ok {package}@{metadata.version(package)} {image_id}")
