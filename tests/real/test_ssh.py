"""Signing in on a machine that one reaches over SSH: with the tunnel that the program prints, by pasting, and inside tmux. The
program and the person's browser are in two networks. Also writes the transcripts of docs/ssh.md (UPDATE_DOCS=1)."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import time
import unittest

import form_browser
import machine
import networks
import sandbox
import terminal

PAGE = machine.ROOT / "docs" / "ssh.md"
WELCOME = "Signed in as alice@example.com for profile dev."


class OverSsh(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "only root makes networks: run this suite as root")
        self.sandbox = self.enterContext(sandbox.Sandbox())
        self.machine = self.enterContext(machine.Machine(["false"]))
        keys = self.sandbox.profile_keys()
        self.redirect = keys["cognito_redirect_uri"]
        self.port = int(self.redirect.rpartition(":")[2])
        self.machine.write_profile("dev", **keys, cognito_store="file", cognito_cache="none")
        self.networks = self.enterContext(networks.Networks(self.machine.folder))
        self.networks.internet(int(self.sandbox.url.rpartition(":")[2]))
        self.ssh_config = self.networks.ssh()

    def ssh(self, *words) -> list:
        """The person's `ssh`, with the words that follow it."""
        return self.networks.at(self.networks.person, "ssh", "-F", self.ssh_config, *words)

    def session(self, *arguments, tty="-tt") -> terminal.Terminal:
        """The program in an SSH session, from the person's terminal."""
        line = f"HOME={shlex.quote(str(self.machine.home))} {shlex.join([str(machine.binary()), *arguments])}"
        place = f"root@{networks.SERVER}"
        return terminal.Terminal(
            self.machine, *self.ssh(tty, "-p", networks.SSH_PORT, place, line), TERM="xterm-256color"
        )

    def browse(self, address: str, *flags) -> subprocess.CompletedProcess:
        """The person's browser: prints its last page, or with --address where it ended."""
        words = [sys.executable, form_browser.__file__, "alice", sandbox.PASSWORD, address, *flags]
        return subprocess.run(
            self.networks.at(self.networks.person, *words), capture_output=True, text=True, timeout=60
        )

    def address(self, shown: str) -> str:
        return re.search(rf"  ({re.escape(self.sandbox.url)}\S+)", shown).group(1)

    def assert_nothing_but_the_tunnel_leads_to_the_port(self):
        self.networks.wait_for(self.networks.server, "127.0.0.1", self.port)
        self.assertFalse(self.networks.reaches(self.networks.person, "127.0.0.1", self.port))
        self.assertFalse(self.networks.reaches(self.networks.person, networks.SERVER, self.port))

    @contextlib.contextmanager
    def tunnel(self, line: str):
        """The line that the program printed, run by the person."""
        command, *rest = shlex.split(line)
        self.assertEqual(command, "ssh")
        tunnel = subprocess.Popen(self.ssh(*rest), stdin=subprocess.DEVNULL)
        try:
            self.networks.wait_for(self.networks.person, "127.0.0.1", self.port)
            yield
        finally:
            machine.end(tunnel)

    def test_the_tunnel_that_is_printed_brings_the_browser_back(self):
        session = self.session("login", "--profile", "dev")
        session.wait_for("Ctrl-C ends the sign-in.")
        self.assert_nothing_but_the_tunnel_leads_to_the_port()
        line = re.search(r"\n  (ssh -N .*?)\r", session.shown).group(1)
        with self.tunnel(line):
            page = self.browse(self.address(session.shown))
        self.assertIn("alice@example.com", page.stdout, page.stderr)
        self.assertEqual(session.end(), 0, session.shown)
        self.assertIn(WELCOME, session.shown)
        self.machine.credentials("dev")
        self.transcript("tunnel", "cognito-creds login --profile dev", session.shown)

    def test_a_redirect_to_an_address_in_place_of_a_name_has_its_tunnel_too(self):
        for host in ("127.0.0.1", "[::1]"):
            with self.subTest(host):
                redirect = f"http://{host}:{self.port}"
                self.sandbox._control("POST", "register-redirect", uri=redirect)
                text = self.machine.config.read_text()
                self.machine.config.write_text(
                    re.sub(r"(?m)^cognito_redirect_uri = .*$", f"cognito_redirect_uri = {redirect}", text)
                )
                session = self.session("login", "--profile", "dev")
                session.wait_for("Ctrl-C ends the sign-in.")
                line = re.search(r"\n  (ssh -N .*?)\r", session.shown).group(1)
                with self.tunnel(line):
                    page = self.browse(self.address(session.shown))
                self.assertIn("alice@example.com", page.stdout, page.stderr)
                self.assertEqual(session.end(), 0, session.shown)

    def test_a_pasted_address_needs_no_way_between_the_networks(self):
        session = self.session("login", "--paste", "--profile", "dev")
        session.wait_for("Paste it here (it is not shown): ")
        ended = self.browse(self.address(session.shown), "--address")
        address = ended.stdout.strip()
        self.assertTrue(address.startswith(f"{self.redirect}/?code="), ended)
        self.assertFalse(self.networks.reaches(self.networks.server, "127.0.0.1", self.port), "no port was opened")
        session.type(address)
        self.assertEqual(session.end(), 0, session.shown)
        self.assertIn(WELCOME, session.shown)
        self.assertNotIn(re.search(r"code=([^&]+)", address).group(1), session.shown)
        self.machine.credentials("dev")
        self.transcript("paste", "cognito-creds login --paste --profile dev", session.shown)

    def test_an_aws_command_points_to_pasting_where_there_is_a_terminal(self):
        for tty, command in (("-tt", "login --paste"), ("-T", "login")):
            session = self.session("credential-process", "--profile", "dev", tty=tty)
            self.assertEqual(session.end(), 1)
            self.assertIn(f"\ncognito-creds {command} --profile dev\r\n", session.shown)

    def test_tmux_hands_the_copied_address_on(self):
        tmux = ["tmux", "-S", self.machine.folder / "tmux", "-f", "/dev/null"]
        line = f"{machine.binary()} login --no-browser --copy --profile dev 2>{self.machine.folder}/told"
        self.machine.run(
            *tmux, "start-server", ";", "set", "-s", "set-clipboard", "on", ";", "set", "-g", "exit-empty", "off",
            ";", "new-session", "-d", "-x", "80", "-y", "24", line,
        )
        try:
            copied, until = "", time.monotonic() + 20
            while not copied and time.monotonic() < until:
                copied = self.machine.run(*tmux, "show-buffer").stdout
            told = (self.machine.folder / "told").read_text()
            self.assertEqual(copied.strip(), self.address(told))
        finally:
            self.machine.run(*tmux, "kill-server")

    def transcript(self, name: str, command: str, shown: str):
        """Compares what the page shows with what was shown, or writes it."""
        text = shown.replace("\r\n", "\n").replace(self.sandbox.url, "https://my-team.auth.eu-west-1.amazoncognito.com")
        # Without what the terminal took away again.
        text = re.sub(r"[^\n]*\r\x1b\[K", "", text)
        text = re.sub(r"(\?response_type=code&)\S+", r"\1…", text)
        text = text.replace(str(self.port), "8080").replace("root@", "alice@")
        text = re.sub(r" +\n", "\n", text)
        wanted = f"```console\n$ {command}\n{text.strip()}\n```\n"
        page = PAGE.read_text()
        before, begin, rest = page.partition(f"<!-- {name}: begin")
        mark, arrow, rest = rest.partition("-->\n")
        old, end, after = rest.partition(f"<!-- {name}: end -->")
        self.assertTrue(begin and end, f"docs/ssh.md has no place for {name}")
        if "UPDATE_DOCS" in os.environ:
            PAGE.write_text(before + begin + mark + arrow + wanted + end + after)
        else:
            self.assertEqual(old, wanted, "docs/ssh.md is out of date; run: UPDATE_DOCS=1 tests/run.sh ssh")


if __name__ == "__main__":
    unittest.main()
