"""A person's machine for the tests with real parts: a home folder with an AWS config file, a browser that is a script, and
the built binary, run exactly as an AWS SDK would run it.

Python's standard library only: these tests must not need what they are testing against.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# What a program needs of the session around it. `CI` is not among them: with it no browser is ever opened.
KEPT = ("PATH", "LANG", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME")


def binary() -> pathlib.Path:
    """The built `cognito-creds`."""
    path = pathlib.Path(os.environ.get("COGNITO_CREDS_BIN", TARGET / "release" / "cognito-creds"))
    if not path.is_file():
        raise FileNotFoundError(f"{path}: build it with `cargo build --release --locked`")
    return path


def free_port() -> int:
    """A port that nobody listens on, on both loopback addresses."""
    for _ in range(100):
        with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
            four.bind(("127.0.0.1", 0))
            port = four.getsockname()[1]
            with contextlib.suppress(OSError):
                six.bind(("::1", port))
                return port
    raise RuntimeError("no port is free on both 127.0.0.1 and ::1")


def end(process: subprocess.Popen):
    """Ends a process of ours, by force where asking does not help."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Machine:
    """A throw-away home. `browser` is the command line (a list) that gets the address of the sign-in page."""

    def __init__(self, browser: list):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cognito-creds-"))
        self.home = self.folder / "home"
        (self.home / ".aws").mkdir(parents=True)
        self.config = self.home / ".aws" / "config"
        self._tabs = self.folder / "tabs"
        self.browser_log = self.folder / "browser.log"
        # What else a program finds in its environment.
        self.variables = {}
        self._install_browser(browser)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and self.browser_log.exists():
            sys.stderr.write(f"--- browser ---\n{self.browser_log.read_text()}\n")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _install_browser(self, command: list):
        # $BROWSER is a command without a promise about spaces, so it is one word: a script that knows the rest.
        self.browser = self.folder / "browser"
        words = " ".join("'" + str(word).replace("'", "'\\''") + "'" for word in command)
        self.browser.write_text(
            f"#!/bin/sh\nprintf '%s\\n' \"$1\" >>'{self._tabs}'\nexec {words} \"$1\" >>'{self.browser_log}' 2>&1\n"
        )
        self.browser.chmod(0o755)

    def environment(self) -> dict:
        """What a person's shell would hand on."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return kept | {
            "HOME": str(self.home),
            "BROWSER": str(self.browser),
            # No AWS machine around here; without it a failing `aws` asks the metadata address for a while.
            "AWS_EC2_METADATA_DISABLED": "true",
        } | self.variables

    def write_profile(self, name: str, **keys):
        """Appends `[profile NAME]` with the line that every AWS client understands, and `keys`."""
        keys = {"credential_process": f"{binary()} credential-process --profile {name}"} | keys
        with self.config.open("a") as config:
            config.write(f"[profile {name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n")

    def addresses(self) -> list:
        """The addresses that a browser was opened with so far."""
        return self._tabs.read_text().splitlines() if self._tabs.exists() else []

    def tabs(self) -> int:
        """How often a browser was opened so far."""
        return len(self.addresses())

    def start(self, *arguments, stdout, stderr) -> subprocess.Popen:
        """Starts the built binary; its output goes into these files."""
        words = [str(word) for word in (binary(), *arguments)]
        return subprocess.Popen(
            words, env=self.environment(), cwd=self.home, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, text=True
        )

    def run(self, *command, timeout: float = 120) -> subprocess.CompletedProcess:
        """Runs any program as this person; stdout and stderr are captured, stdin is empty."""
        return subprocess.run(
            [str(word) for word in command],
            env=self.environment(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def cognito_creds(self, *arguments) -> subprocess.CompletedProcess:
        """Runs the built binary."""
        return self.run(binary(), *arguments)

    def credentials(self, profile: str) -> dict:
        """The document of a `credential-process` call that has to succeed, with nothing on stderr."""
        answer = self.cognito_creds("credential-process", "--profile", profile)
        if answer.returncode != 0 or answer.stderr:
            raise AssertionError(f"exit {answer.returncode}, stderr: {answer.stderr}")
        return json.loads(answer.stdout)

    def files(self):
        """Every regular file of the home folder."""
        return [path for path in self.home.rglob("*") if path.is_file() and not path.is_symlink()]
