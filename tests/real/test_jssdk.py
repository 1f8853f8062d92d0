"""The AWS SDK for JavaScript (version 3, from npm), whose default chain runs a failing credential process twice."""

import json
import sys
import unittest

import machine
import sandbox

MODULES = machine.TARGET / "tools" / "jssdk" / "node_modules"
FORM_BROWSER = [sys.executable, machine.HERE / "form_browser.py", "alice", sandbox.PASSWORD]
# The person presses Cancel.
DENYING_BROWSER = [sandbox.program(), "browse", "--deny"]


class WithTheJavaScriptSdk(unittest.TestCase):
    def machine_with(self, browser):
        self.sandbox = self.enterContext(sandbox.Sandbox())
        self.machine = self.enterContext(machine.Machine(browser))
        self.runs = self.machine.folder / "runs"
        # The config file names a script that counts, because nobody else sees how often an SDK runs it.
        process = self.machine.folder / "process"
        process.write_text(
            f"#!/bin/sh\necho >>{self.runs}\nexec {machine.binary()} credential-process --profile dev\n"
        )
        process.chmod(0o755)
        self.machine.write_profile("dev", credential_process=str(process), **self.sandbox.profile_keys())

    def credentials(self):
        return self.machine.run("node", machine.HERE / "js" / "credentials.cjs", MODULES, "dev")

    def counts(self):
        """How often the process was run, and how many tabs were opened."""
        return len(self.runs.read_text().splitlines()), self.machine.tabs()

    def test_the_first_call_signs_in_and_the_second_is_silent(self):
        self.machine_with(FORM_BROWSER)
        first, second = self.credentials(), self.credentials()
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        found = json.loads(first.stdout)
        self.assertTrue(found["accessKeyId"].startswith("ASIA") and found["sessionToken"])
        self.assertRegex(found["expiration"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(first.stdout, second.stdout)
        self.assertEqual(self.counts(), (2, 1))
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    def test_a_sign_in_that_fails_opens_one_tab_although_the_process_runs_twice(self):
        self.machine_with(DENYING_BROWSER)
        failed = self.credentials()
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        self.assertEqual(self.counts(), (2, 1))
        # And once more, say for the next request.
        self.assertEqual(self.credentials().returncode, 1)
        self.assertEqual(self.counts(), (4, 1))
        # The SDK loses the words; they are kept.
        self.assertNotIn("cancelled", failed.stderr)
        status = self.machine.cognito_creds("status", "--json", "--profile", "dev")
        self.assertIn("cancelled or denied", json.loads(status.stdout)[0]["last_error"]["message"])


if __name__ == "__main__":
    unittest.main()
