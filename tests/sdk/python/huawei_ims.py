"""Huawei Cloud: huaweicloudsdkims.

A `Region` takes the endpoint, the credentials that of IAM, where the SDK finds its project id.
"""

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import (
    CreateImageRequest,
    CreateImageRequestBody,
    GlanceDeleteImageRequest,
    GlanceDeleteImageRequestBody,
    ImsClient,
    ListImagesRequest,
    ShowJobRequest,
    TagKeyValue,
)

import support

NAME = "huawei-sdk-py"


def client(secret, project_id=None):
    credentials = BasicCredentials(support.KEY_ID, secret, project_id).with_iam_endpoint(support.url("huawei"))
    region = Region("cn-north-4", support.url("huawei"))
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
job_id = ims.create_image(CreateImageRequest(body=body)).job_id


def job_state():
    global job
    job = ims.show_job(ShowJobRequest(job_id=job_id))
    return job.status


support.follow(job_state, running=("INIT", "RUNNING"), done="SUCCESS")

[image] = listing(ims)
support.equal("image", (image.id, image.status, image.tags), (job.entities.image_id, "active", ["team.images"]))
ims.glance_delete_image(GlanceDeleteImageRequest(image_id=image.id, body=GlanceDeleteImageRequestBody()))
support.equal("images after deletion", listing(ims), [])
support.passed("huaweicloudsdkims", image.id)
