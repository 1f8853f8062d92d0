"""The example backend of docs/examples (boto3, a signed request to the stand-in Cognito), and a person who types a password
on a pseudo-terminal."""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import types
import unittest
import urllib.parse

import machine
import sandbox
import terminal as tty

BACKEND = machine.ROOT / "docs" / "examples" / "developer_backend.py"
EMAIL, PASSWORD = "alice@example.com", "correct horse battery canary"
SALT = "5a" * 16
# The administrator of the sandbox's account (tests/sandbox/src/cast.rs).
ADMIN = {"AWS_ACCESS_KEY_ID": "AKIASANDBOXADMIN0001", "AWS_SECRET_ACCESS_KEY": "sandbox/admin/secret/key/0123456789abcdef"}


def person(username: str, password: str, **more) -> dict:
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(SALT), n=2**14, r=8, p=1).hex()
    return {"username": username, "salt": SALT, "scrypt": digest} | more


@contextlib.contextmanager
def backend(folder: pathlib.Path, pool: str, endpoint: str, port: int = 0):
    """The example backend on a port; its address."""
    people = folder / "people.json"
    people.write_text(
        json.dumps({EMAIL: person("alice", PASSWORD), "eve@example.com": person("eve", PASSWORD, aws=False)})
    )
    environment = ADMIN | {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ENDPOINT_URL": endpoint,
        "IDENTITY_POOL_ID": pool,
        "DEVELOPER_PROVIDER": "login.example",
        "PEOPLE": str(people),
    }
    process = subprocess.Popen(
        [sys.executable, BACKEND, str(port)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        ready, _, url = process.stdout.readline().strip().partition(" ")
        if ready != "ready":
            raise RuntimeError("the example backend did not start")
        yield url
    finally:
        machine.end(process)
        process.stdout.close()


class WithTheExampleBackend(unittest.TestCase):
    def setUp(self):
        self.sandbox = self.enterContext(sandbox.Sandbox())
        self.machine = self.enterContext(machine.Machine(["false"]))
        keys = self.sandbox.profile_keys()
        self.pool = keys["cognito_identity_pool_id"]
        self.port = machine.free_port()
        self.running = self.enterContext(contextlib.ExitStack())
        self.start_backend()
        self.machine.write_profile(
            "dev",
            region=keys["region"],
            endpoint_url=self.sandbox.url,
            cognito_auth="developer",
            cognito_developer_url=self.url,
            cognito_identity_pool_id=self.pool,
            cognito_cache="none",
        )

    def start_backend(self):
        self.url = self.running.enter_context(backend(self.machine.folder, self.pool, self.sandbox.url, self.port))

    def log_in(self, email=EMAIL, passwords=(PASSWORD,)) -> tty.Terminal:
        """A sign-in up to the last password; what a process shows of itself is looked at on the way."""
        terminal = tty.Terminal(self.machine, machine.binary(), "login", "--profile", "dev", "-vvv")
        terminal.wait_for("E-mail address")
        terminal.type(email)
        for password in passwords:
            terminal.wait_for("Password (it is not shown): ")
            terminal.type(password)
            for name in ("cmdline", "environ"):
                with contextlib.suppress(ProcessLookupError):
                    text = pathlib.Path(f"/proc/{terminal.pid}/{name}").read_bytes()
                    self.assertNotIn(PASSWORD.encode(), text)
        return terminal

    def assert_no_password_was_kept(self, terminal: tty.Terminal):
        self.assertNotIn(PASSWORD, terminal.shown)
        for file in self.machine.files():
            self.assertNotIn(PASSWORD.encode(), file.read_bytes(), file)

    def assert_fails(self, *words):
        failed = self.machine.cognito_creds("credential-process", "--profile", "dev")
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        for word in words:
            self.assertIn(word, failed.stderr)

    def test_a_password_typed_once_gives_credentials_until_logout(self):
        self.assert_fails("cognito-creds login --profile dev")
        terminal = self.log_in()
        self.assertEqual(terminal.end(), 0, terminal.shown)
        self.assertIn("Signed in as alice through 127.0.0.1 for profile dev.", terminal.shown)
        self.assert_no_password_was_kept(terminal)
        self.machine.credentials("dev")
        self.assertEqual(self.sandbox.credential_requests()["get_id"], 0)
        self.assertIn("dev: alice through 127.0.0.1", self.machine.cognito_creds("status").stdout)
        doctor = self.machine.cognito_creds("doctor", "--profile", "dev").stdout
        self.assertIn("127.0.0.1 takes it", doctor)
        out = self.machine.cognito_creds("logout", "--profile", "dev")
        self.assertEqual((out.returncode, out.stdout), (0, "Signed out alice of profile dev.\n"))
        self.assert_fails("needs a sign-in")

    def test_the_second_password_may_be_the_right_one(self):
        terminal = self.log_in(passwords=("wrong", PASSWORD))
        self.assertEqual(terminal.end(), 0, terminal.shown)
        self.assertIn(f"That is not the password of {EMAIL}.", terminal.shown)
        self.assert_no_password_was_kept(terminal)

    def test_three_wrong_passwords_end_the_sign_in(self):
        terminal = self.log_in(passwords=("one", "two", "three"))
        self.assertEqual(terminal.end(), 1)
        self.assertIn("in three attempts", terminal.shown)

    def test_a_person_without_aws_is_told(self):
        terminal = self.log_in(email="eve@example.com")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("gives this login no AWS identity (403)", terminal.shown)

    def test_a_backend_that_has_forgotten_its_logins_is_noticed_by_the_doctor(self):
        self.assertEqual(self.log_in().end(), 0)
        self.running.close()
        doctor = self.machine.cognito_creds("doctor", "--profile", "dev")
        self.assertEqual(doctor.returncode, 1)
        self.machine.credentials("dev")  # the token at hand still serves
        self.start_backend()
        self.assertIn("has ended the login of alice", self.machine.cognito_creds("doctor", "--profile", "dev").stdout)
        out = self.machine.cognito_creds("logout", "--profile", "dev")
        self.assertEqual(out.returncode, 0)

    def test_a_length_that_is_none_reads_nothing(self):
        address = urllib.parse.urlsplit(self.url)
        with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
            connection.sendall(b"POST /api/v1/auth/login HTTP/1.0\r\nContent-Length: -1\r\n\r\n{")
            # With all that ever comes, it would wait for the end of this side.
            self.assertIn(b" 400 ", connection.recv(4096))

    def test_logins_that_have_expired_are_forgotten(self):
        spec = importlib.util.spec_from_file_location("developer_backend", BACKEND)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        handler = module.Handler.__new__(module.Handler)
        body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
        handler.headers, handler.rfile = {"Content-Length": str(len(body))}, io.BytesIO(body)
        lives = time.time() + 60
        logins = {"expired": ("alice", time.time() - 1), "live": ("alice", lives)}
        handler.server = types.SimpleNamespace(people={EMAIL: person("alice", PASSWORD)}, logins=logins)
        handler.answer = lambda status, **_: self.assertEqual(status, 200)
        handler.log_in()
        self.assertEqual(len(handler.server.logins), 2)
        self.assertEqual(handler.server.logins.get("live"), ("alice", lives))


if __name__ == "__main__":
    unittest.main()
