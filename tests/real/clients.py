"""What every AWS client has to do with a profile that runs the binary: sign in, copy, renew, fail. Each `test_*.py` of a
client says how that client is run; what is measured here is what `docs/clients.md` says of it.

A client is a program that takes one command a line on stdin and answers with one line on stdout, `ok TEXT` or `error TEXT`,
with a backslash before a backslash and before the n of a line end. `list` lists the sandbox's bucket, `copy` sends an object
there and fetches it, `burst` lists it twenty times at once.
"""

import datetime
import glob
import json
import pathlib
import re
import subprocess
import sys
import time
import typing
import unittest

import clients_page
import machine
import sandbox

PROGRAMS = machine.HERE / "clients"
FORM_BROWSER = [sys.executable, machine.HERE / "form_browser.py", "alice", sandbox.PASSWORD]
HOUR = 3600
# Calls at once.
BURST = 20
# Life left in the credentials, in seconds, when the client is asked for something: around every window that SDKs are known for.
MOMENTS = (2730, 2670, 930, 870, 330, 270, 30, 3, -30)
# Below this the program renews what it hands out (`cognito_refresh_margin`).
MARGIN = 20 * 60
# What another program would see of ours on the page.
INSTALLED = "/home/alice/.local/bin/cognito-creds credential-process --profile dev"


class Answer(typing.NamedTuple):
    """A command's outcome, and what the client's own stderr has got meanwhile."""

    done: bool
    text: str
    stderr: str


class Program:
    """A client that runs for as long as it has commands."""

    def __init__(self, home: machine.Machine, command: list, variables: dict):
        self._stderr = (home.folder / "client-stderr").open("w+")
        self._process = subprocess.Popen(
            [str(word) for word in command],
            env=home.environment() | variables,
            cwd=home.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )

    def ask(self, command: str) -> Answer:
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        word, _, text = self._process.stdout.readline().rstrip("\n").partition(" ")
        stderr = self._stderr.read()
        if word not in ("ok", "error"):
            raise AssertionError(f"the client answered {word!r} to {command}, stderr: {stderr}")
        return Answer(word == "ok", _unescaped(text), stderr)

    def end(self):
        self._process.stdin.close()
        machine.end(self._process)
        self._process.stdout.close()
        self._stderr.close()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


class Clock:
    """One clock for the client, the program below it, and the sandbox. Their timers run on the true one; with `moves_timers`
    the client's run on this one too."""

    def __init__(self, home: machine.Machine, world: sandbox.Sandbox, moves_timers: bool):
        self._file, self._world = home.folder / "clock", world
        # Without the wrapper, which fails where an earlier one with its process id left something behind.
        (library,) = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        self._move(0)
        home.variables |= {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "0" if moves_timers else "1",
        }

    def set(self, moment: float):
        self._move(round(moment - time.time()))

    def _move(self, offset: int):
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset:+}\n")
        new.replace(self._file)
        self._world.set_clock(offset)


class ClientTest(unittest.TestCase):
    """The promises. A subclass names the client, its version, and how it is started."""

    client: str
    # For a client that tells the age of credentials by the monotonic clock: that one is moved as well.
    moves_timers = False

    def version(self) -> str:
        raise NotImplementedError

    def start(self):
        """A `Program`, or something that answers and ends like one; it uses the profile `dev`."""
        raise NotImplementedError

    def world(self, browser=FORM_BROWSER, first_of_process="", **keys):
        """A sandbox, and a person's machine whose profile `dev` has these keys too."""
        self.sandbox = self.enterContext(sandbox.Sandbox())
        self.machine = self.enterContext(machine.Machine(browser))
        self._runs = self.machine.folder / "runs"
        # The config file names a script that counts, because nobody else sees how often a client runs it.
        self.process = self.machine.folder / "process"
        command = f"{machine.binary()} credential-process --profile dev"
        true_timers = "export FAKETIME_DONT_FAKE_MONOTONIC=1"
        self.process.write_text(
            f"#!/bin/sh\n{true_timers}\necho >>{self._runs}\n{first_of_process}\nexec {command}\n"
        )
        self.process.chmod(0o755)
        profile = {"credential_process": str(self.process)} | self.sandbox.profile_keys() | keys
        self.machine.write_profile("dev", **profile)

    def running(self):
        program = self.start()
        self.addCleanup(program.end)
        return program

    def runs(self) -> int:
        """How often the process was run so far."""
        return len(self._runs.read_text().splitlines()) if self._runs.exists() else 0

    def expiration(self) -> float:
        """When the credentials end that the program has handed out last."""
        status = self.cognito_creds("status", "--json", "--profile", "dev")
        text = json.loads(status.stdout)[0]["credentials"]["expiration"]
        return datetime.datetime.fromisoformat(text).timestamp()

    def cognito_creds(self, *arguments):
        """The program with true timers, as in the script: what waits with a limit may never wake under moved ones."""
        return self.machine.run("env", "FAKETIME_DONT_FAKE_MONOTONIC=1", machine.binary(), *arguments)

    def log_in(self):
        done = self.cognito_creds("login", "--profile", "dev")
        self.assertEqual(done.returncode, 0, done.stderr)

    def assert_done(self, answer: Answer, *words):
        self.assertTrue(answer.done, answer)
        for word in words:
            self.assertIn(word, answer.text)

    def assert_on_the_page(self, column: str, measured):
        clients_page.check_cell(self.client, column, str(measured))

    def assert_transcript(self, title: str, answer: Answer):
        seen = (answer.stderr + answer.text).replace(str(self.process), INSTALLED)
        clients_page.check_transcript(title, seen)

    # ---- what every client is asked for

    def test_the_first_call_signs_in_and_copies_work_and_the_next_process_is_silent(self):
        self.world()
        first = self.running()
        self.assert_done(first.ask("list"), "readme.txt", "reports/2026/january.csv")
        self.assert_done(first.ask("copy"), "from ")
        self.assert_done(self.running().ask("list"), "from-")
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)
        self.assert_on_the_page("version", self.version())
        self.assert_on_the_page("works", "yes")

    def test_three_hours_pass_without_a_word_and_it_asks_again_when_the_page_says(self):
        self.world()
        clock = Clock(self.machine, self.sandbox, self.moves_timers)
        program = self.running()
        self.assert_done(program.ask("list"))
        runs, asked = self.runs(), []
        for hour in range(1, 4):
            asked.append(self.pass_an_hour(clock, program))
            made = self.sandbox.credential_requests()["get_credentials"]
            self.assertEqual(made, 1 + hour, f"{self.runs() - runs} runs in hour {hour}")
        self.assertEqual(self.machine.tabs(), 1)
        self.assertGreaterEqual(self.sandbox.credential_requests()["token_refresh"], 1)
        self.assertEqual(len(set(asked)), 1, asked)
        self.assert_on_the_page("asks again", when(*asked[0]))

    def pass_an_hour(self, clock: Clock, program) -> tuple:
        """Up to the renewal: between which two moments the client asked first, as life left."""
        end, asked, before = self.expiration(), None, HOUR
        made = self.sandbox.credential_requests()["get_credentials"]
        for left in MOMENTS:
            clock.set(end - left)
            runs = self.runs()
            self.assert_done(program.ask("list"))
            if self.runs() > runs:
                asked = asked or (before, left)
                if left < MARGIN:
                    self.await_credentials(made + 1)
                    return asked
            before = left
        raise AssertionError("the credentials ended, and the client did not ask for new ones")

    def await_credentials(self, wanted: int):
        """Above 15 minutes of life the program renews in the background."""
        until = time.monotonic() + 60
        while self.sandbox.credential_requests()["get_credentials"] < wanted:
            self.assertLess(time.monotonic(), until, "the credentials were not renewed")
            time.sleep(0.05)
        # Made is not kept yet.
        while self.expiration() - self.now() < HOUR - 60:
            self.assertLess(time.monotonic(), until, "the new credentials were not kept")
            time.sleep(0.05)

    def now(self) -> float:
        return float(self.machine.run("date", "+%s").stdout)

    def test_credentials_of_fifteen_minutes_work_at_the_cost_that_the_page_names(self):
        self.world(cognito_flow="basic", cognito_duration_seconds="900")
        program = self.running()
        for _ in range(10):
            self.assert_done(program.ask("list"))
        self.assertEqual(self.machine.tabs(), 1)
        self.assert_on_the_page("runs: ten calls, 15-minute sessions", self.runs())

    def test_calls_that_start_together_in_one_process_run_the_program_as_often_as_the_page_says(self):
        self.world()
        self.assert_done(self.running().ask("burst"))
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)
        self.assert_on_the_page("runs: twenty calls at once", self.runs())

    def test_a_tilde_in_the_command_means_what_the_page_says(self):
        self.world(credential_process="~/process")
        (self.machine.home / "process").symlink_to(self.process)
        answer = self.running().ask("list")
        self.assertEqual(answer.done, self.runs() > 0, answer)
        self.assert_on_the_page("`~` in the command", "works" if answer.done else "fails")

    def test_a_login_that_ends_is_noticed_when_the_last_credentials_end_and_signing_in_again_helps(self):
        self.world(cognito_interactive="never")
        # So short that every renewal needs the refresh token.
        self.sandbox.shorten_id_tokens(300)
        clock = Clock(self.machine, self.sandbox, self.moves_timers)
        self.log_in()
        program = self.running()
        self.assert_done(program.ask("list"))
        self.sandbox.end_logins("alice")
        end = self.expiration()
        for left in (870, 570, 270, 120):
            clock.set(end - left)
            self.assert_done(program.ask("list"))
        clock.set(end + 30)
        self.assertFalse(program.ask("list").done)
        self.log_in()
        self.assert_done(program.ask("list"))

    def test_what_a_process_says_on_stderr_when_it_succeeds_goes_where_the_page_says(self):
        self.world(first_of_process="echo a word on stderr >&2")
        answer = self.running().ask("list")
        self.assert_done(answer)
        shown = "a word on stderr" in answer.stderr
        self.assert_on_the_page("stderr of a success", "shown" if shown else "hidden")

    def test_a_failure_looks_as_the_page_shows(self):
        self.world(cognito_interactive="never")
        answer = self.running().ask("list")
        self.assertFalse(answer.done)
        self.assertEqual(self.machine.tabs(), 0)
        # Everywhere, whatever the client makes of it.
        status = self.machine.cognito_creds("status", "--json", "--profile", "dev")
        self.assertIn("needs a sign-in", json.loads(status.stdout)[0]["last_error"]["message"])
        remedy = "cognito-creds login --profile dev"
        place = "in its error" if remedy in answer.text else "beside its error" if remedy in answer.stderr else "lost"
        self.assert_on_the_page("stderr of a failure", place)
        self.assert_on_the_page("runs: a failure", self.runs())
        self.assert_transcript(self.client, answer)


def when(before: int, left: int) -> str:
    """The moment between these two, in words."""
    if before == HOUR:
        return "with every command"
    if left >= MARGIN:
        return f"every {round((HOUR - (before + left) / 2) / 60)} minutes"
    if left >= 60:
        return f"{round((before + left) / 2 / 60)} minutes before the end"
    return "at the end" if left < 0 else "seconds before the end"


def tools(name: str) -> pathlib.Path:
    """Where `tests/run.sh` has put a client."""
    return machine.TARGET / "tools" / name
