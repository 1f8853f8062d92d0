"""`with_boto3.py PROFILE`: S3 through boto3."""

import concurrent.futures
import functools
import sys

import boto3
import line_by_line

BUCKET, KEY = "demo-bucket", "from-boto3.txt"

session = boto3.Session(profile_name=sys.argv[1])


@functools.cache
def s3():
    """This runs the process already."""
    return session.client("s3")


def listing() -> str:
    return " ".join(entry["Key"] for entry in s3().list_objects_v2(Bucket=BUCKET)["Contents"])


def copy() -> str:
    """There and back."""
    s3().put_object(Bucket=BUCKET, Key=KEY, Body=b"from boto3")
    return s3().get_object(Bucket=BUCKET, Key=KEY)["Body"].read().decode()


def burst() -> str:
    s3()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        return str(len([answer.result() for answer in [pool.submit(listing) for _ in range(20)]]))


line_by_line.serve({"list": listing, "copy": copy, "burst": burst})
