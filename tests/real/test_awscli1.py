"""The AWS CLI, version 1, from PyPI."""

import pathlib
import sys
import unittest

import aws_cli


class WithTheAwsCli1(aws_cli.AwsCliTest):
    client = "AWS CLI 1"
    aws = pathlib.Path(sys.executable).with_name("aws")


if __name__ == "__main__":
    unittest.main()
