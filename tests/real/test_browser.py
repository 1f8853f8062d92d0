"""The whole way on real parts: Chromium, a keyring, the AWS CLI, and nothing but a profile."""

import json
import pathlib
import subprocess
import sys
import time
import unittest

import machine
import sandbox

AWS = pathlib.Path(sys.executable).with_name("aws")
SCREENSHOTS = machine.TARGET / "screenshots"
FILES = 60


class InChromium(unittest.TestCase):
    def start(self, user: str):
        """A person at a new machine, whose browser is Chromium."""
        self.shots = SCREENSHOTS / user.split("@")[0]
        self.shots.mkdir(parents=True, exist_ok=True)
        (self.shots / "last-page.json").unlink(missing_ok=True)
        self.sandbox = self.enterContext(sandbox.Sandbox())
        browser = [sys.executable, machine.HERE / "chromium_browser.py", self.shots, user, sandbox.PASSWORD]
        self.machine = self.enterContext(machine.Machine(browser))
        self.machine.write_profile("dev", **self.sandbox.profile_keys())

    def aws(self, *arguments) -> str:
        answer = self.machine.run(AWS, "--profile", "dev", *arguments)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""), answer.stdout)
        return answer.stdout

    def last_page(self) -> dict:
        """The page that the person ended on; the credentials may be there before it is."""
        file = self.shots / "last-page.json"
        deadline = time.monotonic() + 30
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        return json.loads(file.read_text())

    def test_sixty_files_both_ways_after_one_sign_in(self):
        self.start("alice")
        sent = self.make_files()
        self.assertIn(":assumed-role/Developer/", self.aws("sts", "get-caller-identity"))
        self.copy_both_ways(sent)
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)
        page = self.last_page()
        self.assertIn("alice", page["text"])
        self.assertNotIn("code=", page["address"])

        # Again: no browser, and nobody is asked for credentials.
        self.copy_both_ways(sent)
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

        self.assert_login_is_in_the_keyring_only()

    def test_a_company_login_gets_the_role_of_its_group(self):
        self.start("erin@example.com")
        self.assertIn(":assumed-role/ReadOnly/", self.aws("sts", "get-caller-identity"))
        self.assertIn("readme.txt", self.aws("s3", "ls", f"s3://{sandbox.BUCKET}/"))
        self.assertIn("erin", self.last_page()["text"])

    def make_files(self) -> pathlib.Path:
        """Files of many sizes, up to a megabyte, two folders deep.

        None is empty: botocore sends `Expect: 100-continue` with that too, our server's HTTP library answers at once, and
        botocore then takes the next answer on that connection for headers, and waits a minute.
        """
        folder = self.machine.home / "sent"
        for number in range(FILES):
            file = folder / f"part {number % 3}" / f"{number:02}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes([number]) * (1 + number**2 * 290))
        return folder

    def copy_both_ways(self, sent: pathlib.Path):
        received = self.machine.home / "received"
        for file in received.rglob("*.bin"):
            file.unlink()
        self.aws("s3", "cp", "--recursive", "--only-show-errors", sent, f"s3://{sandbox.BUCKET}/copied/")
        self.aws("s3", "cp", "--recursive", "--only-show-errors", f"s3://{sandbox.BUCKET}/copied/", received)
        contents = [{file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.bin")} for folder in (sent, received)]
        self.assertEqual(len(contents[0]), FILES)
        self.assertTrue(contents[0] == contents[1], "what came back is not what was sent")

    def assert_login_is_in_the_keyring_only(self):
        found = subprocess.run(
            ["secret-tool", "lookup", "service", "cognito-creds"], stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
        token = json.loads(found.stdout)["refresh_token"].encode()
        self.assertGreater(len(token), 1000)
        for file in self.machine.files():
            self.assertNotIn(token, file.read_bytes(), file)


if __name__ == "__main__":
    unittest.main()
