"""The AWS CLI (version 1, from PyPI) with a profile that runs the binary; the browser is a script that fills in forms."""

import concurrent.futures
import pathlib
import sys
import unittest

import machine
import sandbox

AWS = pathlib.Path(sys.executable).with_name("aws")
FORM_BROWSER = [sys.executable, machine.HERE / "form_browser.py", "alice", sandbox.PASSWORD]


class WithTheAwsCli(unittest.TestCase):
    def setUp(self):
        self.sandbox = self.enterContext(sandbox.Sandbox())
        self.machine = self.enterContext(machine.Machine(FORM_BROWSER))
        self.keys = self.sandbox.profile_keys()
        self.machine.write_profile("dev", **self.keys)

    def aws(self, *arguments, profile="dev"):
        return self.machine.run(AWS, "--profile", profile, *arguments)

    def identity(self) -> str:
        answer = self.aws("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return answer.stdout.strip()

    def test_the_first_command_signs_in_and_the_second_is_silent(self):
        first = self.identity()
        self.assertIn(":assumed-role/Developer/", first)
        self.assertEqual(self.identity(), first)
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    def test_commands_that_start_together_share_one_sign_in(self):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(self.identity) for _ in range(6)]
            self.assertEqual(len({answer.result() for answer in answers}), 1)
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    def test_a_failure_shows_the_command_to_run(self):
        self.machine.write_profile("build", cognito_interactive="never", **self.keys)
        failed = self.aws("sts", "get-caller-identity", profile="build")
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("Error when retrieving credentials from custom-process", failed.stderr)
        self.assertIn("cognito-creds login --profile build", failed.stderr)
        self.assertEqual(self.machine.tabs(), 0)

    def test_aws_configure_reads_and_writes_our_keys(self):
        read = self.aws("configure", "get", "cognito_client_id")
        self.assertEqual(read.stdout.strip(), "sandbox-client")
        self.assertEqual(self.aws("configure", "set", "cognito_role", "ReadOnly").returncode, 0)
        self.assertIn(":assumed-role/ReadOnly/", self.identity())


if __name__ == "__main__":
    unittest.main()
