"""Starts moto's S3 with a user, a key pair and a bucket, prints where it is as JSON, and runs until its input ends.

moto checks the signature of every request that has one in its header. It knows none in a link: those are checked here with
botocore, and go on to moto as requests of the user.
"""

import calendar
import json
import os
import sys
import threading
import time
from urllib.parse import parse_qs

# The four requests that set it up are let in; from then on every request must be signed.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"

import boto3
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

# Users of another partition would not be known there.
REGION = "cn-north-1"


class Links:
    """Lets signed links in."""

    def __init__(self, application):
        self.application = application
        self.credentials = None

    def __call__(self, environ, start_response):
        query = parse_qs(environ["QUERY_STRING"])
        if "X-Amz-Signature" not in query:
            return self.application(environ, start_response)
        if not self.is_good(environ, query):
            start_response("403 Forbidden", [("Content-Length", "0")])
            return []
        signed = AWSRequest(environ["REQUEST_METHOD"], self.url(environ))
        S3SigV4Auth(self.credentials, "s3", REGION).add_auth(signed)
        for name, value in signed.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["QUERY_STRING"] = ""
        environ["RAW_URI"] = environ["REQUEST_URI"] = environ["RAW_URI"].split("?")[0]
        return self.application(environ, start_response)

    def is_good(self, environ, query):
        [given], [date], [expires] = (query["X-Amz-" + name] for name in ("Signature", "Date", "Expires"))
        pairs = [pair for pair in environ["QUERY_STRING"].split("&") if not pair.startswith("X-Amz-Signature=")]
        request = AWSRequest(environ["REQUEST_METHOD"], self.url(environ) + "?" + "&".join(pairs))
        request.headers["host"] = environ["HTTP_HOST"]
        request.context["timestamp"] = date
        signer = S3SigV4QueryAuth(self.credentials, "s3", REGION)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        end = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")) + int(expires)
        return signer.signature(text, request) == given and time.time() < end

    @staticmethod
    def url(environ):
        return "http://" + environ["HTTP_HOST"] + environ["RAW_URI"].split("?")[0]


links = Links(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, links, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )


iam = client("iam")
iam.create_user(UserName="user")
everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=json.dumps(everything))
pair = iam.create_access_key(UserName="user")["AccessKey"]
client("s3").create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": REGION})
links.credentials = Credentials(pair["AccessKeyId"], pair["SecretAccessKey"])
print(json.dumps([endpoint, pair["AccessKeyId"], pair["SecretAccessKey"]]), flush=True)
sys.stdin.read()
