"""The AWS SDK for JavaScript, version 3, from npm; its default chain runs a failing process twice."""

import json
import unittest

import clients
import sandbox

MODULES = clients.tools("jssdk") / "node_modules"
# The person presses Cancel.
DENYING_BROWSER = [sandbox.program(), "browse", "--deny"]


class WithTheJavaScriptSdk(clients.ClientTest):
    client = "SDK for JavaScript"

    def version(self):
        return json.loads((MODULES / "@aws-sdk" / "client-s3" / "package.json").read_text())["version"]

    def start(self, *chain):
        program = clients.PROGRAMS / "js" / "client.cjs"
        return clients.Program(self.machine, ["node", program, MODULES, *chain], {"AWS_PROFILE": "dev"})

    def test_without_the_default_chain_a_failure_is_seen_and_looks_as_the_page_shows(self):
        self.world(cognito_interactive="never")
        program = self.start("ini")
        self.addCleanup(program.end)
        failed = program.ask("list")
        self.assertEqual((failed.done, self.runs()), (False, 1))
        self.assertIn("cognito-creds login --profile dev", failed.text)
        self.assert_transcript("SDK for JavaScript, fromIni() in place of the default chain", failed)

    def test_a_sign_in_that_fails_opens_one_tab_although_the_process_runs_twice(self):
        self.world(DENYING_BROWSER)
        self.assertFalse(self.running().ask("list").done)
        self.assertEqual((self.runs(), self.machine.tabs()), (2, 1))
        # And once more, say for the next request.
        failed = self.running().ask("list")
        self.assertEqual((failed.done, self.runs(), self.machine.tabs()), (False, 4, 1))
        # The SDK loses the words; they are kept.
        self.assertNotIn("cancelled", failed.text + failed.stderr)
        status = self.machine.cognito_creds("status", "--json", "--profile", "dev")
        self.assertIn("cancelled or denied", json.loads(status.stdout)[0]["last_error"]["message"])


if __name__ == "__main__":
    unittest.main()
