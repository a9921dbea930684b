"""JD Cloud: jdcloud_sdk. Its `Config` takes endpoint and scheme. It returns errors, it does not raise them."""

from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.const import SCHEME_HTTP
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.logger import ERROR, Logger
from jdcloud_sdk.services.vm.apis.CopyImagesRequest import CopyImagesParameters, CopyImagesRequest
from jdcloud_sdk.services.vm.apis.DeleteImageRequest import DeleteImageParameters, DeleteImageRequest
from jdcloud_sdk.services.vm.apis.DescribeImageMembersRequest import (
    DescribeImageMembersParameters,
    DescribeImageMembersRequest,
)
from jdcloud_sdk.services.vm.apis.DescribeImagesRequest import DescribeImagesParameters, DescribeImagesRequest
from jdcloud_sdk.services.vm.apis.ExportImageRequest import ExportImageParameters, ExportImageRequest
from jdcloud_sdk.services.vm.apis.ImageTasksRequest import ImageTasksParameters, ImageTasksRequest
from jdcloud_sdk.services.vm.apis.ImportImageRequest import ImportImageParameters, ImportImageRequest
from jdcloud_sdk.services.vm.apis.ReleaseImageRequest import ReleaseImageParameters, ReleaseImageRequest
from jdcloud_sdk.services.vm.apis.ShareImageRequest import ShareImageParameters, ShareImageRequest
from jdcloud_sdk.services.vm.apis.UnReleaseImageRequest import UnReleaseImageParameters, UnReleaseImageRequest
from jdcloud_sdk.services.vm.apis.UnShareImageRequest import UnShareImageParameters, UnShareImageRequest
from jdcloud_sdk.services.vm.client.VmClient import VmClient

import support

REGION, OTHER_REGION = "cn-north-1", "cn-east-2"
# Another account than the simulator's.
PIN = "another-account"
NAME = "jdcloud-sdk-py"


def client(secret):
    return VmClient(Credential(support.KEY_ID, secret), Config(support.host("jdcloud"), SCHEME_HTTP), Logger(ERROR))


def call(request, vm=client(support.SECRET)):
    answer = vm.send(request)
    if answer.error is not None:
        raise SystemExit(f"{answer.error.status} {answer.error.code}: {answer.error.message}")
    return answer.result


def listing(region=REGION, source="private"):
    parameters = DescribeImagesParameters(region)
    parameters.setImageSource(source)
    parameters.setImageName(NAME)
    return DescribeImagesRequest(parameters)


error = client(support.WRONG_SECRET).send(listing()).error
support.equal("code of the refusal", error and (error.code, error.status), (401, "ACCESS_ERROR"))

parameters = ImportImageParameters(
    regionId=REGION,
    architecture="x86_64",
    osType="linux",
    platform="CentOS",
    diskFormat="qcow2",
    systemDiskSizeGB=40,
    imageUrl="https://images.s3.cn-north-1.jdcloud-oss.com/tiny-linux.qcow2",
    imageName=NAME,
)
parameters.setOsVersion("7.9")
parameters.setDescription("a tiny disk, 很小")
parameters.setClientToken(support.client_token())
started = call(ImportImageRequest(parameters))
support.equal("the answer to the same token", call(ImportImageRequest(parameters)), started)


def task_state():
    parameters = ImageTasksParameters(REGION)
    parameters.setTaskIds([started["taskId"]])
    [task] = call(ImageTasksRequest(parameters))["taskSet"]
    support.equal("image of the task", task["imageId"], started["imageId"])
    return task["taskStatus"]


support.follow(task_state, running=("pending", "running"), done="finished")

[image] = call(listing())["images"]
support.equal("image", (image["imageId"], image["status"]), (started["imageId"], "ready"))

# A copy in another region.
parameters = CopyImagesParameters(REGION, [image["imageId"]], OTHER_REGION)
parameters.setName(NAME)
parameters.setDescription("a copy, 复制")
[ordered] = call(CopyImagesRequest(parameters))["copyImages"]
support.equal("source of the copy", ordered["sourceImageId"], image["imageId"])


def copy_state():
    global copy
    [copy] = call(listing(OTHER_REGION))["images"]
    return copy["status"]


support.follow(copy_state, running=("pending",), done="ready")
support.equal(
    "copy",
    (copy["imageId"], copy["name"], copy["desc"]),
    (ordered["destinationImageId"], NAME, "a copy, 复制"),
)
call(DeleteImageRequest(DeleteImageParameters(OTHER_REGION, copy["imageId"])))
support.equal("copies after deletion", call(listing(OTHER_REGION))["images"], [])


# Shares.
def share(request, parameters):
    parameters.setPins([PIN])
    call(request(parameters))
    return call(DescribeImageMembersRequest(DescribeImageMembersParameters(REGION, image["imageId"])))["pins"]


shares = share(ShareImageRequest, ShareImageParameters(REGION, image["imageId"]))
support.equal("shares", shares, [PIN])
shares = share(UnShareImageRequest, UnShareImageParameters(REGION, image["imageId"]))
support.equal("shares that were taken back", shares, [])


# A community image.
def publish(request, parameters):
    call(request(parameters))
    return [its["launchPermission"] for its in call(listing())["images"]]


support.equal("at first", [image["launchPermission"]], ["ownerOnly"])
public = publish(ReleaseImageRequest, ReleaseImageParameters(REGION, image["imageId"]))
support.equal("a public image", public, ["all"])
private = publish(UnReleaseImageRequest, UnReleaseImageParameters(REGION, image["imageId"]))
support.equal("a private image again", private, ["ownerOnly"])

# An export.
bucket = f"https://images.s3.{REGION}.jdcloud-oss.com"
parameters = ExportImageParameters(REGION, image["imageId"], "export-role", bucket)
parameters.setOssPrefix("sdk")
parameters.setClientToken(support.client_token())
export = call(ExportImageRequest(parameters))
support.equal("the answer to the same token", call(ExportImageRequest(parameters)), export)


def export_state():
    global task
    parameters = ImageTasksParameters(REGION)
    parameters.setTaskIds([export["taskId"]])
    parameters.setTaskAction("ExportImage")
    [task] = call(ImageTasksRequest(parameters))["taskSet"]
    return task["taskStatus"]


support.follow(export_state, running=("pending", "running"), done="finished")
support.exported("jdcloud", "images", task["ossObject"])

call(DeleteImageRequest(DeleteImageParameters(REGION, image["imageId"])))
support.equal("images after deletion", call(listing())["images"], [])
support.passed("jdcloud_sdk", image["imageId"])
