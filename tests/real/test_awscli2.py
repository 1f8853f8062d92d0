"""The AWS CLI, version 2, as Debian packages it."""

import pathlib
import unittest

import aws_cli


class WithTheAwsCli2(aws_cli.AwsCliTest):
    client = "AWS CLI 2"
    # Not what PATH may have.
    aws = pathlib.Path("/usr/bin/aws")


if __name__ == "__main__":
    unittest.main()
