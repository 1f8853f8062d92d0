"""The AWS SDK for Rust, which waits for a process for some 20 seconds only."""

import pathlib
import re
import tempfile
import time
import unittest

import clients

PROGRAM = clients.tools("rustsdk") / "debug" / "rust-sdk-client"
# Less than `cognito_wait`.
PATIENCE = range(10, 45)


class WithTheRustSdk(clients.ClientTest):
    client = "SDK for Rust"

    def version(self):
        lock = (clients.PROGRAMS / "rust" / "Cargo.lock").read_text()
        versions = [
            re.search(rf'^name = "{name}"\nversion = "(.*)"$', lock, re.MULTILINE)[1]
            for name in ("aws-config", "aws-sdk-s3")
        ]
        return "aws-config {}, aws-sdk-s3 {}".format(*versions)

    def start(self):
        return clients.Program(self.machine, [PROGRAM, "dev"], {})

    def test_a_sign_in_that_takes_longer_than_the_sdk_waits_is_there_for_the_next_call(self):
        gate = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "gate"
        browser = ["sh", "-c", f'until [ -e {gate} ]; do sleep 0.1; done; exec "$@"', "sh", *clients.FORM_BROWSER]
        self.world(browser)
        program = self.running()
        started = time.monotonic()
        self.assertFalse(program.ask("list").done)
        self.assertIn(int(time.monotonic() - started), PATIENCE)
        gate.touch()
        self.assert_done(program.ask("list"))
        self.assertEqual(self.machine.tabs(), 1)


if __name__ == "__main__":
    unittest.main()
