"""AWS clients that have no profile: they get their credentials by way of `serve`, `exec` and `env`."""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import time
import unittest

import clients
import machine
import sandbox

AWS = pathlib.Path(sys.executable).with_name("aws")
# SDKs that take one command a line (`clients.py`), with their default chain of places to look for credentials.
SDKS = {
    "JavaScript": ["node", clients.PROGRAMS / "js" / "client.cjs", clients.tools("jssdk") / "node_modules"],
    "Rust": [clients.tools("rustsdk") / "debug" / "rust-sdk-client"],
}
# All that they say when the endpoint refuses.
SAID = {
    "JavaScript": "Could not load credentials from any providers",
    "Rust": "Non-success status from HTTP credential provider: StatusCode(403)",
}
PAGE = (machine.ROOT / "docs" / "other-tools.md").read_text()

# Lists the bucket again and again with one client, as a program that runs for long does; prints each access key it signed with.
LOOP = """
import boto3, json, sys, time
bucket, times, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
session = boto3.Session()
client = session.client("s3")
keys = []
for _ in range(times):
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] > 0
    keys.append(session.get_credentials().get_frozen_credentials().access_key)
    time.sleep(pause)
print(json.dumps([session.get_credentials().method, keys]))
"""


class WithoutAProfile(unittest.TestCase):
    def setUp(self):
        self.sandbox = self.enterContext(sandbox.Sandbox())
        self.machine = self.enterContext(machine.Machine(clients.FORM_BROWSER))
        self.machine.write_profile("dev", **self.sandbox.profile_keys())

    def serve(self, *arguments) -> dict:
        """Starts `serve`; the two variables that it prints."""
        process = subprocess.Popen(
            [machine.binary(), "serve", "--profile", "dev", *arguments],
            env=self.machine.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(machine.end, process)
        return dict(process.stdout.readline().rstrip("\n").split("=", 1) for _ in range(2))

    def no_profile(self) -> dict:
        """What a client has in place of a config file."""
        return {
            "AWS_CONFIG_FILE": str(self.machine.folder / "none"),
            "AWS_ENDPOINT_URL": self.sandbox.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        }

    def client(self, variables: dict, *command, timeout=60) -> subprocess.CompletedProcess:
        """Runs a client that knows these variables and no config file."""
        return subprocess.run(
            [str(word) for word in command],
            env=self.machine.environment() | self.no_profile() | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def loop(self, variables: dict, times: int, pause: float = 0) -> list:
        ran = self.client(variables, sys.executable, "-c", LOOP, sandbox.BUCKET, times, pause)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        method, keys = json.loads(ran.stdout)
        self.assertEqual(method, "container-role")
        return keys

    def test_boto3_lists_a_bucket(self):
        self.assertEqual(len(set(self.loop(self.serve(), 10))), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    def test_boto3_outlives_many_credentials(self):
        variables = self.serve()
        self.sandbox.let_credentials_live(3)
        self.machine.cognito_creds("logout", "--profile", "dev")
        self.machine.cognito_creds("login", "--profile", "dev")
        began, keys = time.monotonic(), self.loop(variables, 10, 1)
        self.assertGreater(time.monotonic() - began, 9)
        self.assertGreater(len(set(keys)), 3)

    def sdk(self, language: str, variables: dict) -> clients.Program:
        program = clients.Program(self.machine, SDKS[language], self.no_profile() | variables)
        self.addCleanup(program.end)
        return program

    def test_each_sdk_copies_and_outlives_many_credentials(self):
        for language in SDKS:
            with self.subTest(language):
                variables = self.serve()
                self.sandbox.let_credentials_live(3)
                self.machine.cognito_creds("logout", "--profile", "dev")
                self.machine.cognito_creds("login", "--profile", "dev")
                program = self.sdk(language, variables)
                copied = program.ask("copy")
                self.assertEqual((copied.done, copied.text), (True, f"from {language}"), copied)
                made = self.sandbox.credential_requests()["get_credentials"]
                for _ in range(10):
                    self.assertTrue(program.ask("list").done)
                    time.sleep(1)
                self.assertGreater(self.sandbox.credential_requests()["get_credentials"] - made, 2)
                self.assertTrue(program.ask("burst").done)

    def test_ten_boto3_at_once_sign_in_once(self):
        variables = self.serve()
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            keys = list(pool.map(lambda _: self.loop(variables, 1)[0], range(10)))
        self.assertEqual(len(set(keys)), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    def test_the_aws_cli_copies_a_file(self):
        variables = self.serve()
        target = self.machine.folder / "readme.txt"
        copied = self.client(variables, AWS, "s3", "cp", f"s3://{sandbox.BUCKET}/readme.txt", target)
        self.assertEqual(copied.returncode, 0, copied.stderr)
        self.assertTrue(target.read_text())

    def test_without_the_token_the_client_is_told_why(self):
        variables = self.serve() | {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "guessed"}
        refused = self.client(variables, AWS, "s3", "ls")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("is not the token that cognito-creds serve printed", refused.stderr)

    def test_a_login_that_has_ended_is_told_with_the_command_to_run(self):
        variables = self.serve()
        self.end_the_login()
        refused = self.client(variables, AWS, "s3", "ls")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("Run: cognito-creds login --profile dev", refused.stderr)

    def test_each_sdk_keeps_the_command_to_itself_when_a_login_has_ended_and_status_has_it(self):
        variables = self.serve()
        self.end_the_login()
        for language in SDKS:
            with self.subTest(language):
                refused = self.sdk(language, variables).ask("list")
                self.assertFalse(refused.done)
                self.assertIn(f"{language}: `{SAID[language]}`", PAGE)
                self.assertIn(SAID[language], refused.text)
                self.assertNotIn("cognito-creds", refused.text)
        status = self.machine.cognito_creds("status", "--json", "--profile", "dev")
        self.assertIn("needs a sign-in", json.loads(status.stdout)[0]["last_error"]["message"])

    def end_the_login(self):
        """It ends, and no browser may open for another."""
        self.machine.cognito_creds("logout", "--profile", "dev")
        config = self.machine.config.read_text()
        self.machine.config.write_text(config.replace("[profile dev]\n", "[profile dev]\ncognito_interactive = never\n"))

    def test_exec_gives_them_to_the_aws_cli(self):
        # A caller's own profile would win in some tools, and in this one does not exist.
        listed = self.client(
            {"AWS_PROFILE": "dev", "AWS_CONFIG_FILE": str(self.machine.config)},
            *(machine.binary(), "exec", "--", AWS, "s3", "ls", f"s3://{sandbox.BUCKET}/"),
        )
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        self.assertIn("readme.txt", listed.stdout)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    def test_env_gives_them_to_the_aws_cli(self):
        line = f'eval "$({machine.binary()} env --profile dev)" && AWS_CONFIG_FILE=/dev/null exec {AWS} s3 ls s3://{sandbox.BUCKET}/'
        listed = self.client({"AWS_CONFIG_FILE": str(self.machine.config)}, "sh", "-c", line)
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        self.assertIn("readme.txt", listed.stdout)


if __name__ == "__main__":
    unittest.main()
