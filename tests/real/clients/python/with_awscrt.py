"""`AWS_PROFILE=… with_awscrt.py`: S3 through the AWS Common Runtime, which other SDKs build on.

It reads credentials from the profile and nothing else: the region and the address are handed to it here.
"""

import concurrent.futures
import configparser
import os
import pathlib
import urllib.parse
import xml.etree.ElementTree
from io import BytesIO

import line_by_line
from awscrt.auth import AwsCredentialsProvider
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.s3 import S3Client, S3RequestTlsMode, S3RequestType, create_default_s3_signing_config

BUCKET, KEY = "demo-bucket", "from-awscrt.txt"

config = configparser.RawConfigParser()
config.read(pathlib.Path.home() / ".aws" / "config")
profile = config[f"profile {os.environ['AWS_PROFILE']}"]
host = urllib.parse.urlsplit(profile["endpoint_url"]).netloc

provider = AwsCredentialsProvider.new_default_chain()
client = S3Client(
    region=profile["region"],
    tls_mode=S3RequestTlsMode.DISABLED,
    signing_config=create_default_s3_signing_config(region=profile["region"], credential_provider=provider),
)


def send(method: str, path: str, kind=S3RequestType.DEFAULT, name=None, body: bytes = b"") -> bytes:
    headers = HttpHeaders([("Host", host), ("Content-Length", str(len(body)))])
    answer = bytearray()
    sent = client.make_request(
        request=HttpRequest(method, path, headers, BytesIO(body)),
        type=kind,
        operation_name=name,
        on_body=lambda chunk, **_: answer.extend(chunk),
    )
    sent.finished_future.result()
    return bytes(answer)


def listing() -> str:
    page = xml.etree.ElementTree.fromstring(send("GET", f"/{BUCKET}?list-type=2", name="ListObjectsV2"))
    return " ".join(key.text for key in page.iterfind(".//{*}Key"))


def copy() -> str:
    """There and back."""
    send("PUT", f"/{BUCKET}/{KEY}", S3RequestType.PUT_OBJECT, body=b"from awscrt")
    return send("GET", f"/{BUCKET}/{KEY}", S3RequestType.GET_OBJECT).decode()


def burst() -> str:
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        return str(len([answer.result() for answer in [pool.submit(listing) for _ in range(20)]]))


line_by_line.serve({"list": listing, "copy": copy, "burst": burst})
