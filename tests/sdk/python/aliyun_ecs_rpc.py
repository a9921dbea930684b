"""Alibaba Cloud, RPC signature: aliyun-python-sdk-ecs. The client takes the port, a request its endpoint and protocol."""

import json
from urllib.parse import urlsplit

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkecs.request.v20140526.CopyImageRequest import CopyImageRequest
from aliyunsdkecs.request.v20140526.DeleteImageRequest import DeleteImageRequest
from aliyunsdkecs.request.v20140526.DescribeImageFromFamilyRequest import DescribeImageFromFamilyRequest
from aliyunsdkecs.request.v20140526.DescribeImageSharePermissionRequest import DescribeImageSharePermissionRequest
from aliyunsdkecs.request.v20140526.DescribeImagesRequest import DescribeImagesRequest
from aliyunsdkecs.request.v20140526.DescribeTasksRequest import DescribeTasksRequest
from aliyunsdkecs.request.v20140526.ExportImageRequest import ExportImageRequest
from aliyunsdkecs.request.v20140526.ImportImageRequest import ImportImageRequest
from aliyunsdkecs.request.v20140526.ListTagResourcesRequest import ListTagResourcesRequest
from aliyunsdkecs.request.v20140526.ModifyImageAttributeRequest import ModifyImageAttributeRequest
from aliyunsdkecs.request.v20140526.ModifyImageSharePermissionRequest import ModifyImageSharePermissionRequest
from aliyunsdkecs.request.v20140526.TagResourcesRequest import TagResourcesRequest
from aliyunsdkecs.request.v20140526.UntagResourcesRequest import UntagResourcesRequest

import support

NAME = "ecs-rpc-py"
OTHER_REGION = "cn-beijing"
# Another account than the simulator's.
ACCOUNT = "1000000000000001"
PLACE = urlsplit(support.url("aliyun"))


def client(secret, region="cn-hangzhou"):
    return AcsClient(support.KEY_ID, secret, region, port=PLACE.port)


def call(request, acs=client(support.SECRET)):
    request.set_protocol_type(protocol_type.HTTP)
    request.set_endpoint(PLACE.hostname)
    request.set_accept_format("json")
    return json.loads(acs.do_action_with_exception(request))


def listing():
    request = DescribeImagesRequest()
    request.set_ImageName(NAME)
    request.set_ImageOwnerAlias("self")
    return request


support.refused(
    lambda: call(listing(), client(support.WRONG_SECRET)),
    ServerException,
    # The SDK compares the string to sign that the answer quotes with its own, and then blames the secret.
    lambda error: error.get_error_code(),
    "InvalidAccessKeySecret",
)

request = ImportImageRequest()
request.set_ImageName(NAME)
request.set_Description("a tiny disk, 很小")
request.set_Architecture("x86_64")
request.set_OSType("linux")
request.set_Platform("CentOS")
request.set_DiskDeviceMappings(
    [{"Format": "QCOW2", "OSSBucket": "images", "OSSObject": "tiny-linux.qcow2", "DiskImageSize": 40}]
)
request.set_Tags([{"Key": "team", "Value": "images"}])
started = call(request)


def task_state(task_id):
    request = DescribeTasksRequest()
    request.set_TaskIds(task_id)
    [task] = call(request)["TaskSet"]["Task"]
    return task["TaskStatus"]


support.follow(lambda: task_state(started["TaskId"]), running=("Waiting", "Processing"), done="Finished")

[image] = call(listing())["Images"]["Image"]
support.equal("image", (image["ImageId"], image["Status"]), (started["ImageId"], "Available"))


def of_image(request, **fields):
    """A request about the image, with its other fields set."""
    request.set_ImageId(image["ImageId"])
    return with_fields(request, **fields)


def with_fields(request, **fields):
    for field, value in fields.items():
        getattr(request, f"set_{field}")(value)
    return request


# A copy in another region.
request = of_image(
    CopyImageRequest(),
    DestinationRegionId=OTHER_REGION,
    DestinationImageName=NAME,
    DestinationDescription="a copy, 复制",
    Tags=[{"Key": "team", "Value": "copies"}],
    ClientToken=support.client_token(),
)
copy_id = call(request)["ImageId"]
support.equal("the answer to the same token", call(request)["ImageId"], copy_id)
there = client(support.SECRET, OTHER_REGION)


def copy_state():
    global copy
    request = with_fields(DescribeImagesRequest(), ImageId=copy_id, Status="Waiting,Creating,Available,CreateFailed")
    [copy] = call(request, there)["Images"]["Image"]
    return copy["Status"]


support.follow(copy_state, running=("Waiting", "Creating"), done="Available")
support.equal(
    "copy",
    (copy["ImageName"], copy["Description"], copy["IsCopied"], copy["Tags"]["Tag"][0]["TagValue"]),
    (NAME, "a copy, 复制", True, "copies"),
)
call(with_fields(DeleteImageRequest(), ImageId=copy_id), there)


# Shares.
def share(**change):
    call(of_image(ModifyImageSharePermissionRequest(), **change))
    answer = call(of_image(DescribeImageSharePermissionRequest()))
    accounts, groups = answer["Accounts"]["Account"], answer["ShareGroups"]["ShareGroup"]
    return [its["AliyunId"] for its in accounts], [its["Group"] for its in groups]


support.equal("shares", share(AddAccounts=[ACCOUNT]), ([ACCOUNT], []))
support.equal("shares that were taken back", share(RemoveAccounts=[ACCOUNT]), ([], []))
support.equal("a public image", share(IsPublic=True), ([], ["all"]))
support.equal("a public image in the list", call(listing())["Images"]["Image"][0]["IsPublic"], True)
support.equal("a private image again", share(IsPublic=False), ([], []))


# Tags.
def tagging(request, **fields):
    call(with_fields(request, ResourceType="image", ResourceIds=[image["ImageId"]], **fields))
    request = with_fields(ListTagResourcesRequest(), ResourceType="image", ResourceIds=[image["ImageId"]])
    return {its["TagKey"]: its["TagValue"] for its in call(request)["TagResources"]["TagResource"]}


tags = tagging(TagResourcesRequest(), Tags=[{"Key": "stage", "Value": "上线"}])
support.equal("tags", tags, {"team": "images", "stage": "上线"})
tags = tagging(UntagResourcesRequest(), TagKeys=["stage"])
support.equal("tags without the one that was taken away", tags, {"team": "images"})


# The family, whose newest image is not a deprecated one.
def modify(**change):
    call(of_image(ModifyImageAttributeRequest(), **change))
    found = call(with_fields(DescribeImageFromFamilyRequest(), ImageFamily=NAME))
    return found.get("Image", {}).get("ImageId")


support.equal("the newest of the family", modify(ImageFamily=NAME), image["ImageId"])
support.equal("the newest of a deprecated one's family", modify(Status="Deprecated"), None)
support.equal("a deprecated image in the list of available ones", call(listing())["Images"]["Image"], [])
support.equal("the newest of the family again", modify(Status="Available"), image["ImageId"])

# An export.
export = call(of_image(ExportImageRequest(), OSSBucket="images", OSSPrefix="sdk"))
support.follow(lambda: task_state(export["TaskId"]), running=("Waiting", "Processing"), done="Finished")
support.exported("aliyun", "images", f"sdk_{image['ImageId']}_system.raw.tar.gz")

deletion = of_image(DeleteImageRequest())
deletion.set_Force(True)
call(deletion)
support.equal("images after deletion", call(listing())["Images"]["Image"], [])
support.passed("aliyun-python-sdk-ecs", image["ImageId"])
