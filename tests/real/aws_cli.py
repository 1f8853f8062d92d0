"""The AWS CLI as a client: a process of its own for every command. Versions 1 and 2 differ in where they lie."""

import concurrent.futures
import pathlib

import clients
import machine
import sandbox

OBJECT = f"s3://{sandbox.BUCKET}/from-the-cli.txt"


class Commands:
    """Answers like a `clients.Program`. What a command prints on stderr when it fails is its error."""

    def __init__(self, home: machine.Machine, aws: pathlib.Path, url: str):
        # Versions of before 2023 look for no endpoint_url in a profile.
        self._home, self._command = home, [aws, "--profile", "dev", "--endpoint-url", url]

    def ask(self, command: str) -> clients.Answer:
        return {"list": self._listing, "copy": self._copy, "burst": self._burst}[command]()

    def end(self):
        pass

    def _listing(self) -> clients.Answer:
        return self.run("s3", "ls", "--recursive", f"s3://{sandbox.BUCKET}/")

    def _copy(self) -> clients.Answer:
        """There and back."""
        sent, back = self._home.folder / "sent", self._home.folder / "back"
        sent.write_text("from the AWS CLI")
        for words in ((sent, OBJECT), (OBJECT, back)):
            answer = self.run("s3", "cp", "--no-progress", *words)
            if not answer.done:
                return answer
        return clients.Answer(True, back.read_text(), answer.stderr)

    def _burst(self) -> clients.Answer:
        """One command that makes its calls at once: the AWS CLI copies ten objects at a time."""
        folder = self._home.folder / "burst"
        folder.mkdir()
        for number in range(clients.BURST):
            (folder / str(number)).write_text("")
        return self.run("s3", "cp", "--recursive", "--no-progress", folder, f"s3://{sandbox.BUCKET}/burst/")

    def run(self, *arguments) -> clients.Answer:
        ran = self._home.run(*self._command, *arguments)
        if ran.returncode == 0:
            return clients.Answer(True, ran.stdout, ran.stderr)
        return clients.Answer(False, ran.stderr, "")


class AwsCliTest(clients.ClientTest):
    """What only the AWS CLI is asked for."""

    aws: pathlib.Path

    def version(self) -> str:
        return self.machine.run(self.aws, "--version").stdout.split()[0].removeprefix("aws-cli/")

    def start(self):
        return Commands(self.machine, self.aws, self.sandbox.url)

    def identity(self) -> str:
        answer = self.running().run("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
        self.assertEqual((answer.done, answer.stderr), (True, ""))
        return answer.text.strip()

    def test_commands_that_start_together_share_one_sign_in(self):
        self.world()
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(self.identity) for _ in range(6)]
            self.assertEqual(len({answer.result() for answer in answers}), 1)
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    def test_aws_configure_reads_and_writes_our_keys(self):
        self.world()
        read = self.running().run("configure", "get", "cognito_client_id")
        self.assertEqual(read.text.strip(), "sandbox-client")
        self.assertTrue(self.running().run("configure", "set", "cognito_role", "ReadOnly").done)
        self.assertIn(":assumed-role/ReadOnly/", self.identity())
