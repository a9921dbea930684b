"""UCloud: ucloud-sdk-python3. Its configuration takes the base URL."""

import logging

from ucloud.client import Client
from ucloud.core import exc

import support

NAME = "ucloud-sdk-py"
# Images are copied neither from nor to Beijing.
REGION, OTHER_REGION = "cn-sh2", "cn-gd"
PROJECT = "org-sdk"
# The SDK logs every refusal; the one that is wanted here would look like a failure.
QUIET = logging.getLogger("quiet")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


def client(secret, region=REGION):
    settings = {
        "region": region,
        "project_id": PROJECT,
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
        "UFileUrl": f"https://images.{REGION}.ufileos.com/tiny-linux.qcow2",
        "OsType": "CentOS",
        "OsName": "CentOS 7.9 64位",
        "Format": "qcow2",
        "Auth": True,
        "ImageDescription": "a tiny disk, 很小",
    }
)["ImageId"]


def follow(uhost, image_id):
    """The image, once it is usable."""
    image = None

    def state():
        nonlocal image
        [image] = listing(uhost, ImageIds=[image_id])
        return image["State"]

    support.follow(state, running=("Making", "Copying"), done="Available")
    return image


follow(uhost, image_id)

[image] = listing(uhost)
support.equal("image", (image["ImageId"], image["ImageName"]), (image_id, NAME))

# A copy in another region.
ordered = uhost.copy_custom_image(
    {
        "SourceImageId": image_id,
        "TargetProjectId": PROJECT,
        "TargetRegion": OTHER_REGION,
        "TargetImageName": f"{NAME}-copy",
        "TargetImageDescription": "a copy, 复制",
    }
)
there = client(support.SECRET, OTHER_REGION)
copy = follow(there, ordered["TargetImageId"])
support.equal("copy", (copy["ImageName"], copy["ImageDescription"]), (f"{NAME}-copy", "a copy, 复制"))
there.terminate_custom_image({"ImageId": copy["ImageId"]})
support.equal("copies after deletion", listing(there), [])

uhost.terminate_custom_image({"ImageId": image_id})
support.equal("images after deletion", listing(uhost), [])
support.passed("ucloud-sdk-python3", image_id)
