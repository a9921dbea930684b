"""UCloud: ucloud-sdk-python3. Its configuration takes the base URL."""

import logging

from ucloud.client import Client
from ucloud.core import exc

import support

NAME = "ucloud-sdk-py"
# The SDK logs every refusal; the one that is wanted here would look like a failure.
QUIET = logging.getLogger("quiet")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


def client(secret):
    settings = {
        "region": "cn-bj2",
        "project_id": "org-sdk",
        "public_key": support.KEY_ID,
        "private_key": secret,
        "base_url": support.url("ucloud"),
    }
    return Client(settings, logger=QUIET).uhost()


def listing(uhost, **more):
    return uhost.describe_image({"ImageType": "Custom", **more})["ImageSet"]


support.refused(
    lambda: listing(client(support.WRONG_SECRET)),
    exc.RetCodeException,
    lambda error: error.code,
    171,
)

uhost = client(support.SECRET)
image_id = uhost.import_custom_image(
    {
        "ImageName": NAME,
        "UFileUrl": "https://images.cn-bj.ufileos.com/tiny-linux.qcow2",
        "OsType": "CentOS",
        "OsName": "CentOS 7.9 64位",
        "Format": "qcow2",
        "Auth": True,
        "ImageDescription": "a tiny disk, 很小",
    }
)["ImageId"]


def image_state():
    [image] = listing(uhost, ImageIds=[image_id])
    return image["State"]


support.follow(image_state, running=("Making",), done="Available")

[image] = listing(uhost)
support.equal("image", (image["ImageId"], image["ImageName"]), (image_id, NAME))
uhost.terminate_custom_image({"ImageId": image_id})
support.equal("images after deletion", listing(uhost), [])
support.passed("ucloud-sdk-python3", image_id)
