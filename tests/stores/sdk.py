"""A vendor's own client for object storage against the simulator's store: `sdk.py CLOUD`.

The client keeps the vendor's host names; every connection it opens is led to the store on loopback, over plain HTTP.
"""

import hashlib
import json
import os
import socket
import sys
import urllib.error
import urllib.request

KEY_ID, SECRET = os.environ["SIM_KEY_ID"], os.environ["SIM_SECRET"]
READY = json.loads(os.environ["SIM_READY"])
SMALL = bytes(range(256)) * 300
PART = 8 << 20
PARTS = [bytes([number]) * size for number, size in ((1, PART), (2, PART), (3, 54_321))]
LARGE = b"".join(PARTS)


def equal(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: found {found!r:.200}, expected {expected!r:.200}")


def refused(what, call):
    try:
        answer = call()
    except Exception as error:  # Each client has its own; the text is looked at by eye.
        print(f"{what} is refused: {type(error).__name__} {str(error).replace(chr(10), ' '):.100}")
        return
    sys.exit(f"{what} was not refused: {answer!r:.200}")


def fetched(link):
    return urllib.request.urlopen(link.replace("https://", "http://")).read()


def forged_is_refused(link):
    refused("a link with another key", lambda: fetched(link.replace("k-small", "k-large")))


def aliyun():
    import oss2

    def bucket(secret):
        auth = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider(KEY_ID, secret))
        return oss2.Bucket(auth, "http://oss-cn-hangzhou.aliyuncs.com", "images", region="cn-hangzhou")

    refused("a wrong secret", lambda: bucket("wrong").head_object("k-small"))
    oss = bucket(SECRET)
    oss.create_bucket()
    oss.put_object("k-small", SMALL)
    equal("head", oss.head_object("k-small").content_length, len(SMALL))
    upload = oss.init_multipart_upload("k-large").upload_id
    done = [oss2.models.PartInfo(n, oss.upload_part("k-large", upload, n, part).etag) for n, part in enumerate(PARTS, 1)]
    equal("parts", [part.size for part in oss.list_parts("k-large", upload).parts], [len(part) for part in PARTS])
    oss.complete_multipart_upload("k-large", upload, done)
    equal("object", hashlib.md5(oss.get_object("k-large").read()).digest(), hashlib.md5(LARGE).digest())
    oss.abort_multipart_upload("k-other", oss.init_multipart_upload("k-other").upload_id)
    link = oss.sign_url("GET", "k-small", 600, slash_safe=True)
    equal("link", fetched(link), SMALL)
    forged_is_refused(link)
    for key in ("k-small", "k-large"):
        oss.delete_object(key)
        equal("deleted", oss.object_exists(key), False)


def tencent():
    from qcloud_cos import CosConfig, CosS3Client

    name = "images-1250000000"

    def client(secret):
        return CosS3Client(CosConfig(Region="ap-guangzhou", SecretId=KEY_ID, SecretKey=secret, Scheme="http"), retry=0)

    refused("a wrong secret", lambda: client("wrong").list_objects(Bucket=name))
    cos = client(SECRET)
    cos.create_bucket(Bucket=name)
    cos.put_object(Bucket=name, Key="k-small", Body=SMALL, EnableMD5=True)
    # The client gives headers as they were written, and the simulator writes them in lower case.
    head = {header.lower(): value for header, value in cos.head_object(Bucket=name, Key="k-small").items()}
    equal("head", head["content-length"], str(len(SMALL)))
    place = {"Bucket": name, "Key": "k-large"}
    upload = cos.create_multipart_upload(**place)["UploadId"]
    done = []
    for number, part in enumerate(PARTS, 1):
        answer = cos.upload_part(**place, UploadId=upload, PartNumber=number, Body=part, EnableMD5=True)
        done.append({"PartNumber": number, "ETag": answer.get("ETag") or answer["etag"]})
    listed = cos.list_parts(**place, UploadId=upload)["Part"]
    equal("parts", [int(part["Size"]) for part in listed], [len(part) for part in PARTS])
    cos.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Part": done})
    equal("object", cos.get_object(**place)["Body"].get_raw_stream().read(), LARGE)
    other = cos.create_multipart_upload(Bucket=name, Key="k-other")["UploadId"]
    cos.abort_multipart_upload(Bucket=name, Key="k-other", UploadId=other)
    link = cos.get_presigned_url(Method="GET", Bucket=name, Key="k-small", Expired=600)
    equal("link", fetched(link), SMALL)
    forged_is_refused(link)
    for key in ("k-small", "k-large"):
        cos.delete_object(Bucket=name, Key=key)
        equal("deleted", cos.object_exists(Bucket=name, Key=key), False)


def huawei():
    from obs import CompleteMultipartUploadRequest, CompletePart, ObsClient

    def client(secret):
        return ObsClient(
            access_key_id=KEY_ID,
            secret_access_key=secret,
            server="http://obs.cn-north-4.myhuaweicloud.com",
            signature="obs",
            is_signature_negotiation=False,
            max_retry_count=0,
        )

    def good(answer):
        if answer.status >= 300:
            sys.exit(f"{answer.status} {answer.errorCode} {answer.errorMessage}")
        return answer

    equal("a wrong secret", client("wrong").listObjects("images").status, 403)
    obs = client(SECRET)
    good(obs.createBucket("images", location="cn-north-4"))
    good(obs.putContent("images", "k-small", SMALL))
    equal("head", int(good(obs.getObjectMetadata("images", "k-small")).body.contentLength), len(SMALL))
    upload = good(obs.initiateMultipartUpload("images", "k-large")).body.uploadId
    done = []
    for number, part in enumerate(PARTS, 1):
        answer = good(obs.uploadPart("images", "k-large", number, upload, part))
        done.append(CompletePart(partNum=number, etag=answer.body.etag))
    listed = good(obs.listParts("images", "k-large", upload)).body.parts
    equal("parts", [int(part.size) for part in listed], [len(part) for part in PARTS])
    good(obs.completeMultipartUpload("images", "k-large", upload, CompleteMultipartUploadRequest(parts=done)))
    got = good(obs.getObject("images", "k-large", loadStreamInMemory=True)).body.buffer
    equal("object", got, LARGE)
    other = good(obs.initiateMultipartUpload("images", "k-other")).body.uploadId
    good(obs.abortMultipartUpload("images", "k-other", other))
    link = obs.createSignedUrl("GET", "images", "k-small", expires=600).signedUrl
    equal("link", fetched(link), SMALL)
    forged_is_refused(link)
    for key in ("k-small", "k-large"):
        good(obs.deleteObject("images", key))
        equal("deleted", obs.getObjectMetadata("images", key).status, 404)


def ucloud():
    import tempfile

    from ufile import config, filemanager, multipartuploadufile

    config.set_default(uploadsuffix=".cn-bj.ufileos.com", downloadsuffix=".cn-bj.ufileos.com")

    def client(secret, kind=filemanager.FileManager):
        return kind(KEY_ID, secret)

    def good(answer):
        if answer[1].status_code >= 300:
            sys.exit(f"{answer[1].status_code} {answer[1].content} {answer[1].error}")
        return answer[0]

    with tempfile.TemporaryDirectory() as folder:
        small, large = os.path.join(folder, "small"), os.path.join(folder, "large")
        for path, content in ((small, SMALL), (large, LARGE)):
            with open(path, "wb") as file:
                file.write(content)
        refused_with = client("wrong").putfile("images", "k-small", small)[1].status_code
        equal("a wrong secret is refused", refused_with // 100, 4)
        ufile = client(SECRET)
        good(ufile.putfile("images", "k-small", small))
        equal("head", int(ufile.head_file("images", "k-small")[1].content_length), len(SMALL))
        parts = client(SECRET, multipartuploadufile.MultipartUploadUFile)
        good(parts.uploadfile("images", "k-large", large))
        link = ufile.private_download_url("images", "k-small", expires=600)
        equal("link", fetched(link), SMALL)
        forged_is_refused(link)
        equal("object", fetched(ufile.private_download_url("images", "k-large", expires=600)), LARGE)
        for key in ("k-small", "k-large"):
            good(ufile.deletefile("images", key))
            equal("deleted", ufile.head_file("images", key)[1].status_code, 404)


def jdcloud():
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    def client(secret):
        # JD Cloud's documents know no checksums of the newer kinds, which boto3 sends unless it is told not to.
        options = Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual"},
            retries={"total_max_attempts": 1},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.client(
            "s3",
            endpoint_url="http://s3.cn-north-1.jdcloud-oss.com",
            region_name="cn-north-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=secret,
            config=options,
        )

    refused("a wrong secret", lambda: client("wrong").list_objects_v2(Bucket="images"))
    s3 = client(SECRET)
    s3.create_bucket(Bucket="images")
    s3.put_object(Bucket="images", Key="k-small", Body=SMALL)
    equal("head", s3.head_object(Bucket="images", Key="k-small")["ContentLength"], len(SMALL))
    place = {"Bucket": "images", "Key": "k-large"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    done = []
    for number, part in enumerate(PARTS, 1):
        etag = s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=part)["ETag"]
        done.append({"PartNumber": number, "ETag": etag})
    listed = s3.list_parts(**place, UploadId=upload)["Parts"]
    equal("parts", [part["Size"] for part in listed], [len(part) for part in PARTS])
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": done})
    equal("object", s3.get_object(**place)["Body"].read(), LARGE)
    other = s3.create_multipart_upload(Bucket="images", Key="k-other")["UploadId"]
    s3.abort_multipart_upload(Bucket="images", Key="k-other", UploadId=other)
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "images", "Key": "k-small"}, ExpiresIn=600)
    equal("link", fetched(link), SMALL)
    forged_is_refused(link)
    for key in ("k-small", "k-large"):
        s3.delete_object(Bucket="images", Key=key)
        try:
            s3.head_object(Bucket="images", Key=key)
            sys.exit(f"{key} is still there")
        except ClientError as error:
            equal("deleted", error.response["Error"]["Code"], "404")


cloud = sys.argv[1]
host, _, port = READY["stores"][cloud].removeprefix("http://").partition(":")
resolve = socket.getaddrinfo


def led(_host, _port, *rest, **named):
    return resolve(host, int(port), *rest, **named)


socket.getaddrinfo = led
globals()[cloud]()
print("ok: put, parts, list, complete, abort, head, link, delete")
