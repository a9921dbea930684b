"""Starts moto's S3 with a user, a key pair and a bucket, prints where it is as JSON, and runs until its input ends."""

import json
import os
import sys

# From then on every request must be signed, and its signature is checked.
UNSIGNED = 4
# Users of another partition would not be known there.
REGION = "cn-north-1"
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(UNSIGNED)

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"


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
print(json.dumps([endpoint, pair["AccessKeyId"], pair["SecretAccessKey"]]), flush=True)
sys.stdin.read()
server.stop()
