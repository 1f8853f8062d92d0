"""boto3, from PyPI."""

import sys
import unittest

import boto3

import clients


class WithBoto3(clients.ClientTest):
    client = "boto3"

    def version(self):
        return boto3.__version__

    def start(self):
        program = clients.PROGRAMS / "python" / "with_boto3.py"
        return clients.Program(self.machine, [sys.executable, "-B", program, "dev"], {})


if __name__ == "__main__":
    unittest.main()
