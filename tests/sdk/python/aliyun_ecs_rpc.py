"""Alibaba Cloud, RPC signature: aliyun-python-sdk-ecs. The client takes the port, a request its endpoint and protocol."""

import json
from urllib.parse import urlsplit

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkecs.request.v20140526.DeleteImageRequest import DeleteImageRequest
from aliyunsdkecs.request.v20140526.DescribeImagesRequest import DescribeImagesRequest
from aliyunsdkecs.request.v20140526.DescribeTasksRequest import DescribeTasksRequest
from aliyunsdkecs.request.v20140526.ImportImageRequest import ImportImageRequest

import support

NAME = "ecs-rpc-py"
PLACE = urlsplit(support.url("aliyun"))


def client(secret):
    return AcsClient(support.KEY_ID, secret, "cn-hangzhou", port=PLACE.port)


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


def task_state():
    request = DescribeTasksRequest()
    request.set_TaskIds(started["TaskId"])
    [task] = call(request)["TaskSet"]["Task"]
    return task["TaskStatus"]


support.follow(task_state, running=("Waiting", "Processing"), done="Finished")

[image] = call(listing())["Images"]["Image"]
support.equal("image", (image["ImageId"], image["Status"]), (started["ImageId"], "Available"))
deletion = DeleteImageRequest()
deletion.set_ImageId(image["ImageId"])
deletion.set_Force(True)
call(deletion)
support.equal("images after deletion", call(listing())["Images"]["Image"], [])
support.passed("aliyun-python-sdk-ecs", image["ImageId"])
