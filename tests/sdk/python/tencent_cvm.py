"""Tencent Cloud: tencentcloud-sdk-python-cvm, and tencentcloud-sdk-python-tag for tags.

Their `HttpProfile` takes endpoint and protocol.
"""

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import models
from tencentcloud.cvm.v20170312.cvm_client import CvmClient
from tencentcloud.tag.v20180813 import models as tag_models
from tencentcloud.tag.v20180813.tag_client import TagClient

import support

NAME = "tencent-sdk-py"
REGION, OTHER_REGION = "ap-guangzhou", "ap-singapore"
BUCKET = "images-1250000000"
# Another account than the simulator's.
ACCOUNT = "100000000002"


def client(secret, sign_method="TC3-HMAC-SHA256", region=REGION, of=CvmClient):
    http = HttpProfile(protocol="http", endpoint=support.host("tencent"))
    profile = ClientProfile(signMethod=sign_method, httpProfile=http)
    return of(Credential(support.KEY_ID, secret), region, profile)


def filled(request, **fields):
    for field, value in fields.items():
        setattr(request, field, value)
    return request


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
request.ImageUrl = f"https://{BUCKET}.cos.{REGION}.myqcloud.com/tiny-linux.qcow2"
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

# A copy in another region, where it is called the same.
request = filled(
    models.SyncImagesRequest(), ImageIds=[image_id], DestinationRegions=[OTHER_REGION], ImageSetRequired=True
)
[ordered] = cvm.SyncImages(request).ImageSet
support.equal("region of the copy", ordered.Region, OTHER_REGION)
there = client(support.SECRET, region=OTHER_REGION)


def copy_state():
    global copy
    request = filled(models.DescribeImagesRequest(), ImageIds=[ordered.ImageId])
    [copy] = there.DescribeImages(request).ImageSet
    return copy.ImageState


support.follow(copy_state, running=("SYNCING",), done="NORMAL")
support.equal("copy", (copy.ImageName, copy.SyncPercent), (NAME, 100.0))
there.DeleteImages(filled(models.DeleteImagesRequest(), ImageIds=[ordered.ImageId]))


# Shares.
def share(permission):
    request = models.ModifyImageSharePermissionRequest()
    cvm.ModifyImageSharePermission(filled(request, ImageId=image_id, AccountIds=[ACCOUNT], Permission=permission))
    request = filled(models.DescribeImageSharePermissionRequest(), ImageId=image_id)
    return [its.AccountId for its in cvm.DescribeImageSharePermission(request).SharePermissionSet]


support.equal("shares", share("SHARE"), [ACCOUNT])
support.equal("shares that were taken back", share("CANCEL"), [])

# Tags, which have a service of their own.
tagging = client(support.SECRET, of=TagClient)
resources = [f"qcs::cvm:{REGION}:uin/:image/{image_id}"]


def tags():
    request = filled(
        tag_models.DescribeResourceTagsByResourceIdsRequest(),
        ServiceType="cvm",
        ResourcePrefix="image",
        ResourceIds=[image_id],
        ResourceRegion=REGION,
    )
    return {its.TagKey: its.TagValue for its in tagging.DescribeResourceTagsByResourceIds(request).Tags}


stage = filled(tag_models.Tag(), TagKey="stage", TagValue="上线")
answer = tagging.TagResources(filled(tag_models.TagResourcesRequest(), ResourceList=resources, Tags=[stage]))
support.equal("resources that were not tagged", answer.FailedResources, [])
support.equal("tags", tags(), {"team": "images", "stage": "上线"})
tagging.UnTagResources(filled(tag_models.UnTagResourcesRequest(), ResourceList=resources, TagKeys=["stage"]))
support.equal("tags without the one that was taken away", tags(), {"team": "images"})


# The family, whose newest image is not a deprecated one.
def modify(**change):
    cvm.ModifyImageAttribute(filled(models.ModifyImageAttributeRequest(), ImageId=image_id, **change))
    request = filled(models.DescribeImageFromFamilyRequest(), ImageFamily=NAME)
    newest = cvm.DescribeImageFromFamily(request).Image
    return newest and newest.ImageId


support.equal("the newest of the family", modify(ImageFamily=NAME), image_id)
support.equal("the newest of a deprecated one's family", modify(ImageDeprecated=True), None)
[deprecated] = listing(cvm)
support.equal("a deprecated image", (deprecated.ImageDeprecated, deprecated.ImageFamily), (True, NAME))
support.equal("the newest of the family again", modify(ImageDeprecated=False), image_id)

# An export. There is no task to ask for: at its end the file is there.
request = filled(
    models.ExportImagesRequest(),
    BucketName=BUCKET,
    ImageIds=[image_id],
    ExportFormat="QCOW2",
    FileNamePrefixList=["sdk"],
)
[key] = cvm.ExportImages(request).CosPaths


def is_exported():
    # Whatever comes to the cloud moves it on.
    image_state()
    return support.stored("tencent", BUCKET, key) is not None


support.follow(is_exported, running=(False,), done=True)
support.exported("tencent", BUCKET, key)

cvm.DeleteImages(filled(models.DeleteImagesRequest(), ImageIds=[image_id]))
support.equal("images after deletion", listing(cvm), [])
support.passed("tencentcloud-sdk-python-cvm", image_id)
