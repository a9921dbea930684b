"""Tencent Cloud: tencentcloud-sdk-python-cvm. Its `HttpProfile` takes endpoint and protocol."""

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import models
from tencentcloud.cvm.v20170312.cvm_client import CvmClient

import support

NAME = "tencent-sdk-py"


def client(secret, sign_method="TC3-HMAC-SHA256"):
    http = HttpProfile(protocol="http", endpoint=support.host("tencent"))
    profile = ClientProfile(signMethod=sign_method, httpProfile=http)
    return CvmClient(Credential(support.KEY_ID, secret), "ap-guangzhou", profile)


def listing(cvm):
    request = models.DescribeImagesRequest()
    by_name, private = models.Filter(), models.Filter()
    by_name.Name, by_name.Values = "image-name", [NAME]
    private.Name, private.Values = "image-type", ["PRIVATE_IMAGE"]
    request.Filters = [by_name, private]
    return cvm.DescribeImages(request).ImageSet


support.refused(
    lambda: listing(client(support.WRONG_SECRET)),
    TencentCloudSDKException,
    lambda error: error.get_code(),
    "AuthFailure.SignatureFailure",
)

cvm = client(support.SECRET)
tag, tags = models.Tag(), models.TagSpecification()
tag.Key, tag.Value = "team", "images"
tags.ResourceType, tags.Tags = "image", [tag]
request = models.ImportImageRequest()
request.Architecture = "x86_64"
request.OsType = "CentOS"
request.OsVersion = "7"
request.ImageUrl = "https://images-1250000000.cos.ap-guangzhou.myqcloud.com/tiny-linux.qcow2"
request.ImageName = NAME
request.ImageDescription = "a tiny disk, 很小"
request.TagSpecification = [tags]
request.DryRun = True
support.equal("images of a dry run", (cvm.ImportImage(request).ImageId, listing(cvm)), (None, []))
request.DryRun = False
image_id = cvm.ImportImage(request).ImageId


def image_state():
    request = models.DescribeImagesRequest()
    request.ImageIds = [image_id]
    [image] = cvm.DescribeImages(request).ImageSet
    return image.ImageState


support.follow(image_state, running=("IMPORTING",), done="NORMAL")

# The older signature too: the SDK has it as a setting.
for reader in (cvm, client(support.SECRET, "HmacSHA256"), client(support.SECRET, "HmacSHA1")):
    [image] = listing(reader)
    support.equal("image", (image.ImageId, image.Tags[0].Value), (image_id, "images"))
deletion = models.DeleteImagesRequest()
deletion.ImageIds = [image_id]
cvm.DeleteImages(deletion)
support.equal("images after deletion", listing(cvm), [])
support.passed("tencentcloud-sdk-python-cvm", image_id)
