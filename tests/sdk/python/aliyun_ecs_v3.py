"""Alibaba Cloud, signature V3: alibabacloud-ecs20140526. Its `Config` takes endpoint and protocol."""

from alibabacloud_ecs20140526.client import Client
from alibabacloud_ecs20140526 import models
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils_models import Config

import support

REGION, OTHER_REGION = "cn-hangzhou", "cn-beijing"
# Another account than the simulator's.
ACCOUNT = "1000000000000001"
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


def of_image(request, **more):
    """A request about the image."""
    return request(region_id=REGION, image_id=image.image_id, **more)


# A copy in another region.
request = of_image(
    models.CopyImageRequest,
    destination_region_id=OTHER_REGION,
    destination_image_name=NAME,
    destination_description="a copy, 复制",
    tag=[models.CopyImageRequestTag(key="team", value="copies")],
    client_token=support.client_token(),
)
copy_id = ecs.copy_image(request).body.image_id
support.equal("the answer to the same token", ecs.copy_image(request).body.image_id, copy_id)


def copy_state():
    global copy
    request = models.DescribeImagesRequest(
        region_id=OTHER_REGION, image_id=copy_id, status="Waiting,Creating,Available,CreateFailed"
    )
    [copy] = ecs.describe_images(request).body.images.image
    return copy.status


support.follow(copy_state, running=("Waiting", "Creating"), done="Available")
support.equal(
    "copy",
    (copy.image_name, copy.description, copy.is_copied, copy.tags.tag[0].tag_value),
    (NAME, "a copy, 复制", True, "copies"),
)
ecs.delete_image(models.DeleteImageRequest(region_id=OTHER_REGION, image_id=copy_id))


# Shares.
def shares():
    answer = ecs.describe_image_share_permission(of_image(models.DescribeImageSharePermissionRequest)).body
    return [its.aliyun_id for its in answer.accounts.account], [its.group for its in answer.share_groups.share_group]


def share(**change):
    ecs.modify_image_share_permission(of_image(models.ModifyImageSharePermissionRequest, **change))
    return shares()


support.equal("shares at first", shares(), ([], []))
support.equal("shares", share(add_account=[ACCOUNT]), ([ACCOUNT], []))
support.equal("shares in the list", listing(ecs)[0].is_self_shared, "true")
support.equal("shares that were taken back", share(remove_account=[ACCOUNT]), ([], []))
support.equal("a public image", share(is_public=True), ([], ["all"]))
support.equal("a public image in the list", listing(ecs)[0].is_public, True)
support.equal("a private image again", share(is_public=False), ([], []))


# Tags.
def tags():
    request = models.ListTagResourcesRequest(region_id=REGION, resource_type="image", resource_id=[image.image_id])
    found = ecs.list_tag_resources(request).body.tag_resources.tag_resource
    return {its.tag_key: its.tag_value for its in found}


tag = models.TagResourcesRequestTag(key="stage", value="上线")
ecs.tag_resources(
    models.TagResourcesRequest(region_id=REGION, resource_type="image", resource_id=[image.image_id], tag=[tag])
)
support.equal("tags", tags(), {"team": "images", "stage": "上线"})
ecs.untag_resources(
    models.UntagResourcesRequest(
        region_id=REGION, resource_type="image", resource_id=[image.image_id], tag_key=["stage"]
    )
)
support.equal("tags without the one that was taken away", tags(), {"team": "images"})


# The family, whose newest image is not a deprecated one.
def newest():
    request = models.DescribeImageFromFamilyRequest(region_id=REGION, image_family=NAME)
    found = ecs.describe_image_from_family(request).body.image
    return found and found.image_id


def modify(**change):
    ecs.modify_image_attribute(of_image(models.ModifyImageAttributeRequest, **change))
    return newest()


support.equal("the newest of no family", newest(), None)
support.equal("the newest of the family", modify(image_family=NAME), image.image_id)
support.equal("the newest of a deprecated one's family", modify(status="Deprecated"), None)
[deprecated] = ecs.describe_images(of_image(models.DescribeImagesRequest, status="Deprecated")).body.images.image
support.equal("a deprecated image", (deprecated.status, deprecated.image_family), ("Deprecated", NAME))
support.equal("the newest of the family again", modify(status="Available"), image.image_id)

# An export.
request = of_image(models.ExportImageRequest, ossbucket="images", ossprefix="sdk")
export = ecs.export_image(request).body


def export_state():
    request = models.DescribeTasksRequest(region_id=REGION, task_ids=export.task_id)
    [task] = ecs.describe_tasks(request).body.task_set.task
    return task.task_status


support.follow(export_state, running=("Waiting", "Processing"), done="Finished")
support.exported("aliyun", "images", f"sdk_{image.image_id}_system.raw.tar.gz")

ecs.delete_image(of_image(models.DeleteImageRequest))
support.equal("images after deletion", listing(ecs), [])
support.passed("alibabacloud-ecs20140526", image.image_id)
