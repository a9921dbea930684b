"""Huawei Cloud: huaweicloudsdkims.

A `Region` takes the endpoint, the credentials that of IAM, where the SDK finds its project id. A cloud that is one address
has one region: in another one it is called by its own name, with the simulator as the proxy of the environment, since the
SDK's own setting of a proxy counts for HTTPS alone.
"""

import os

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import (
    BatchAddMembersRequest,
    BatchAddMembersRequestBody,
    BatchAddOrDeleteTagsRequest,
    BatchAddOrDeleteTagsRequestBody,
    BatchDeleteMembersRequest,
    CopyImageCrossRegionRequest,
    CopyImageCrossRegionRequestBody,
    CreateImageRequest,
    CreateImageRequestBody,
    ExportImageRequest,
    ExportImageRequestBody,
    GlanceDeleteImageRequest,
    GlanceDeleteImageRequestBody,
    GlanceListImageMembersRequest,
    ImsClient,
    ListImagesRequest,
    ListImageTagsRequest,
    ResourceTag,
    ShowJobRequest,
    TagKeyValue,
)

import support

NAME = "huawei-sdk-py"
OTHER_REGION = "cn-south-1"
# Another project of the region, and of another account.
PROJECT = "00000000000000000000000000000001"
HERE = Region("cn-north-4", support.url("huawei"))
THERE = Region(OTHER_REGION, f"http://ims.{OTHER_REGION}.myhuaweicloud.com")
os.environ.update(http_proxy=support.url("huawei"), no_proxy="127.0.0.1")


def client(secret, project_id=None, region=HERE):
    credentials = BasicCredentials(support.KEY_ID, secret, project_id).with_iam_endpoint(support.url("huawei"))
    return ImsClient.new_builder().with_credentials(credentials).with_region(region).build()


def listing(ims):
    return ims.list_images(ListImagesRequest(name=NAME, imagetype="private")).images


support.refused(
    lambda: listing(client(support.WRONG_SECRET, "0123456789abcdef0123456789abcdef")),
    ClientRequestException,
    lambda error: (error.status_code, error.error_code),
    (401, "APIGW.0301"),
)

ims = client(support.SECRET)
body = CreateImageRequestBody(
    name=NAME,
    description="a tiny disk, 很小",
    image_url="images:tiny-linux.qcow2",
    os_version="CentOS 7.9 64bit",
    min_disk=40,
    image_tags=[TagKeyValue(key="team", value="images")],
)


def done(started):
    """The job that was started, once it is over."""
    job = None

    def state():
        nonlocal job
        job = ims.show_job(ShowJobRequest(job_id=started.job_id))
        return job.status

    support.follow(state, running=("INIT", "RUNNING"), done="SUCCESS")
    return job


def delete(ims, image_id):
    ims.glance_delete_image(GlanceDeleteImageRequest(image_id=image_id, body=GlanceDeleteImageRequestBody()))


job = done(ims.create_image(CreateImageRequest(body=body)))
[image] = listing(ims)
support.equal("image", (image.id, image.status, image.tags), (job.entities.image_id, "active", ["team.images"]))

# A copy in another region; its job is asked for where it was ordered.
body = CopyImageCrossRegionRequestBody(
    name=NAME,
    description="a copy, 复制",
    region=OTHER_REGION,
    project_name=OTHER_REGION,
    agency_name="ims_admin_agency",
)
job = done(ims.copy_image_cross_region(CopyImageCrossRegionRequest(image_id=image.id, body=body)))
there = client(support.SECRET, region=THERE)
[copy] = listing(there)
support.equal(
    "copy",
    (copy.id, copy.status, copy.description, copy.tags),
    (job.entities.image_id, "active", "a copy, 复制", []),
)
delete(there, copy.id)
support.equal("copies after deletion", listing(there), [])


# Shares, which are jobs, too. A project has to accept what it gets.
def members():
    found = ims.glance_list_image_members(GlanceListImageMembersRequest(image_id=image.id)).members
    return [(its.member_id, its.status) for its in found]


body = BatchAddMembersRequestBody(images=[image.id], projects=[PROJECT])
done(ims.batch_add_members(BatchAddMembersRequest(body=body)))
support.equal("shares", members(), [(PROJECT, "pending")])
done(ims.batch_delete_members(BatchDeleteMembersRequest(body=body)))
support.equal("shares that were taken back", members(), [])


# Tags.
def tags():
    found = ims.list_image_tags(ListImageTagsRequest(image_id=image.id)).tags
    return {its.key: its.value for its in found}


def tagging(action):
    body = BatchAddOrDeleteTagsRequestBody(action=action, tags=[ResourceTag(key="stage", value="上线")])
    ims.batch_add_or_delete_tags(BatchAddOrDeleteTagsRequest(image_id=image.id, body=body))
    return tags()


support.equal("tags", tagging("create"), {"team": "images", "stage": "上线"})
support.equal("tags without the one that was taken away", tagging("delete"), {"team": "images"})

# An export.
body = ExportImageRequestBody(bucket_url=f"images:sdk/{image.id}.qcow2", file_format="qcow2", is_quick_export=False)
job = done(ims.export_image(ExportImageRequest(image_id=image.id, body=body)))
support.exported("huawei", "images", f"sdk/{image.id}.qcow2")

delete(ims, image.id)
support.equal("images after deletion", listing(ims), [])
support.passed("huaweicloudsdkims", image.id)
