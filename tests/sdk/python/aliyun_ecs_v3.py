"""Alibaba Cloud, signature V3: alibabacloud-ecs20140526. Its `Config` takes endpoint and protocol."""

from alibabacloud_ecs20140526.client import Client
from alibabacloud_ecs20140526 import models
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils_models import Config

import support

REGION = "cn-hangzhou"
NAME = "ecs-v3-py"


def client(secret):
    return Client(
        Config(
            access_key_id=support.KEY_ID,
            access_key_secret=secret,
            region_id=REGION,
            endpoint=support.host("aliyun"),
            protocol="HTTP",
        )
    )


def listing(ecs):
    request = models.DescribeImagesRequest(region_id=REGION, image_name=NAME, image_owner_alias="self")
    return ecs.describe_images(request).body.images.image


support.refused(
    lambda: listing(client(support.WRONG_SECRET)),
    ClientException,
    lambda error: error.code,
    "SignatureDoesNotMatch",
)

ecs = client(support.SECRET)
disk = models.ImportImageRequestDiskDeviceMapping(
    format="QCOW2", ossbucket="images", ossobject="tiny-linux.qcow2", disk_image_size=40
)
request = models.ImportImageRequest(
    region_id=REGION,
    image_name=NAME,
    description="a tiny disk, 很小",
    architecture="x86_64",
    ostype="linux",
    platform="CentOS",
    boot_mode="BIOS",
    license_type="Auto",
    disk_device_mapping=[disk],
    tag=[models.ImportImageRequestTag(key="team", value="images")],
    client_token=support.client_token(),
)
started = ecs.import_image(request).body
support.equal("the answer to the same token", ecs.import_image(request).body.task_id, started.task_id)


def task_state():
    request = models.DescribeTasksRequest(region_id=REGION, task_ids=started.task_id)
    [task] = ecs.describe_tasks(request).body.task_set.task
    return task.task_status


support.follow(task_state, running=("Waiting", "Processing"), done="Finished")

attribute = models.DescribeTaskAttributeRequest(region_id=REGION, task_id=started.task_id)
support.equal("progress", ecs.describe_task_attribute(attribute).body.task_process, "100%")
[image] = listing(ecs)
support.equal("image", (image.image_id, image.status), (started.image_id, "Available"))
ecs.delete_image(models.DeleteImageRequest(region_id=REGION, image_id=image.image_id))
support.equal("images after deletion", listing(ecs), [])
support.passed("alibabacloud-ecs20140526", image.image_id)
