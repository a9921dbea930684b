"""JD Cloud: jdcloud_sdk. Its `Config` takes endpoint and scheme. It returns errors, it does not raise them."""

from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.const import SCHEME_HTTP
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.logger import ERROR, Logger
from jdcloud_sdk.services.vm.apis.DeleteImageRequest import DeleteImageParameters, DeleteImageRequest
from jdcloud_sdk.services.vm.apis.DescribeImagesRequest import DescribeImagesParameters, DescribeImagesRequest
from jdcloud_sdk.services.vm.apis.ImageTasksRequest import ImageTasksParameters, ImageTasksRequest
from jdcloud_sdk.services.vm.apis.ImportImageRequest import ImportImageParameters, ImportImageRequest
from jdcloud_sdk.services.vm.client.VmClient import VmClient

import support

REGION = "cn-north-1"
NAME = "jdcloud-sdk-py"


def client(secret):
    return VmClient(Credential(support.KEY_ID, secret), Config(support.host("jdcloud"), SCHEME_HTTP), Logger(ERROR))


def call(request, vm=client(support.SECRET)):
    answer = vm.send(request)
    if answer.error is not None:
        raise SystemExit(f"{answer.error.status} {answer.error.code}: {answer.error.message}")
    return answer.result


def listing():
    parameters = DescribeImagesParameters(REGION)
    parameters.setImageSource("private")
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
call(DeleteImageRequest(DeleteImageParameters(REGION, image["imageId"])))
support.equal("images after deletion", call(listing())["images"], [])
support.passed("jdcloud_sdk", image["imageId"])
