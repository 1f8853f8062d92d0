"""The whole way on real parts: Chromium, a keyring, the AWS CLI, and nothing but a profile."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.parse
import urllib.request

import machine
import sandbox
import webdriver

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

    def test_the_console_opens_signed_in_and_its_token_is_in_no_command_line(self):
        self.start("alice")
        self.assertIn(":assumed-role/Developer/", self.aws("sts", "get-caller-identity"))
        profile = self.chromium_as_a_desktop_has_it()
        opened = self.machine.cognito_creds("console", "--profile", "dev", "--service", "s3", "--region", "eu-central-1")
        done = (0, "The AWS console opens in your browser for profile dev.\n", "")
        self.assertEqual((opened.returncode, opened.stdout, opened.stderr), done)
        with webdriver.Browser(debugging_port=debugging_port(profile)) as browser:
            until = time.monotonic() + 30
            while browser.title() != "Console" and time.monotonic() < until:
                time.sleep(0.1)
            text, address = browser.text(), urllib.parse.urlsplit(browser.address())
            commands = command_lines()
        self.assertIn(":role/Developer at https://console.aws.amazon.com/s3/home?region=eu-central-1", text)
        token = urllib.parse.parse_qs(address.query)["SigninToken"][0]
        self.assertFalse([command for command in commands.values() if token in command])
        # What Chromium was started with is still there to be read, and worth nothing.
        (started,) = (commands[process] for process in chromium_of(profile, commands))
        (handed,) = re.findall(r"http\S+", started)
        self.assertRegex(handed, r"^http://127\.0\.0\.1:\d+/[\w-]{22}$")
        with self.assertRaises(OSError):
            urllib.request.urlopen(handed, timeout=10)

    def chromium_as_a_desktop_has_it(self) -> pathlib.Path:
        """From now on the program starts Chromium itself, with the address as its last word. Returns Chromium's profile."""
        profile = self.machine.folder / "chromium"
        words = ["chromium", *webdriver.CHROMIUM_FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        self.machine.variables["BROWSER"] = " ".join(words)
        self.addCleanup(end_chromium_of, profile)
        return profile

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


def debugging_port(profile: pathlib.Path) -> int:
    """Chromium writes it down when it listens."""
    file, until = profile / "DevToolsActivePort", time.monotonic() + 30
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.1)
    return int(file.read_text().splitlines()[0])


def command_lines() -> dict:
    """What everybody can read of every process, by its number. Chromium soon puts blanks between its words."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
        except OSError:
            continue  # It has ended meanwhile.
    return found


def chromium_of(profile: pathlib.Path, commands: dict) -> list:
    """The Chromium with this profile; not those that it starts in turn."""
    return [
        process
        for process, command in commands.items()
        if f" --user-data-dir={profile} " in f"{command} " and " --type=" not in command
    ]


def end_chromium_of(profile: pathlib.Path):
    for process in chromium_of(profile, command_lines()):
        os.kill(process, signal.SIGTERM)
    until = time.monotonic() + 10
    while chromium_of(profile, command_lines()) and time.monotonic() < until:
        time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
