"""The shell lines of docs/containers.md, run with a real Docker engine; and what that page says of addresses and keyrings."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

import containers
import form_browser
import machine
import sandbox
import terminal

PAGE = (machine.ROOT / "docs" / "containers.md").read_text()
INSIDE = f"{containers.PROGRAMS}/cognito-creds"

# Lists the bucket once a second, and prints each access key that it signed with.
LOOP = """
import boto3, sys, time
session = boto3.Session()
client = session.client("s3")
for _ in range(10):
    client.list_objects_v2(Bucket=sys.argv[1])
    print(session.get_credentials().get_frozen_credentials().access_key)
    time.sleep(1)
"""


def lines(word: str) -> str:
    """The one block of shell lines on the page that has this word."""
    found = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if word in block]
    assert len(found) == 1, f"{len(found)} blocks of docs/containers.md have {word}"
    return found[0]


class Containers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert os.geteuid() == 0, "only root starts an engine: run this suite as root"
        cls.docker = cls.enterClassContext(containers.Docker())
        cls.docker.image("amazon/aws-cli", 'ENTRYPOINT ["aws"]')
        cls.docker.image("my-image")

    def setUp(self):
        self.sandbox = self.enterContext(sandbox.Sandbox())
        browser = [sys.executable, form_browser.__file__, "alice", sandbox.PASSWORD]
        self.machine = self.enterContext(machine.Machine(browser))
        self.docker.options = ["-e", "AWS_EC2_METADATA_DISABLED=true", "-e", "AWS_DEFAULT_REGION=us-east-1"]
        # Where the lines find `docker`, and the `cognito-creds` of the machine.
        place = self.machine.folder / "bin"
        place.mkdir()
        (place / "cognito-creds").symlink_to(machine.binary())
        self.path = f"{place}:{os.environ['PATH']}"

    def person(self, **keys):
        """A person whose profile runs the program on the machine."""
        self.machine.write_profile("dev", **self.sandbox.profile_keys(), **keys)

    def container(self, **keys):
        """The profile for a container, at the machine's network: the stand-in speaks http, which the program takes from
        loopback alone."""
        self.docker.options += ["--network", "host"]
        inside = f"{INSIDE} credential-process --profile dev"
        self.machine.write_profile("dev", **self.sandbox.profile_keys(), credential_process=inside, **keys)

    def shell(self, text: str, given="") -> subprocess.CompletedProcess:
        """Runs lines as a person would; a job that they leave behind ends with them."""
        script = f"trap 'jobs -p | xargs -r kill 2>/dev/null || :' EXIT\nset -e\n{text}"
        return subprocess.run(
            ["bash", "-c", script], env=self.environment(), cwd=self.machine.home, input=given, capture_output=True,
            text=True, timeout=120,
        )

    def environment(self) -> dict:
        return self.machine.environment() | {"PATH": f"{self.docker.commands()}:{self.path}"}

    def assert_lists(self, ran, times=1):
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(ran.stdout.count(sandbox.BUCKET), times, ran.stdout + ran.stderr)

    def aws_at(self, address: str):
        self.docker.options += ["-e", f"AWS_ENDPOINT_URL={address}"]

    def aws_beside_the_containers(self):
        """As AWS is for a container in the engine's own network: reached, and not at its loopback."""
        port = int(self.sandbox.url.rpartition(":")[2])
        self.docker.reaches(port)
        self.aws_at(f"http://{containers.GATEWAY}:{port}")

    # ---- variables

    def test_a_file_of_variables_and_the_environment_of_docker_reach_a_container_in_a_network_of_its_own(self):
        self.person()
        self.aws_beside_the_containers()
        ran = self.shell(lines("--format dotenv"))
        self.assert_lists(ran)
        self.assertFalse((self.machine.home / "aws.env").exists())
        self.assert_lists(self.shell(lines("cognito-creds exec")))
        self.assertEqual(self.sandbox.credential_requests(), sandbox.ONE_SIGN_IN)

    # ---- serve

    def test_a_container_outlives_many_credentials_by_way_of_serve(self):
        self.person()
        self.aws_at(self.sandbox.url)
        text = lines("cognito-creds serve")
        self.assert_lists(self.shell(text))
        self.assertFalse((self.machine.home / "serve.env").exists())
        self.sandbox.let_credentials_live(3)
        for command in ("logout", "login"):
            self.machine.cognito_creds(command, "--profile", "dev")
        loop = shlex.join(["python3", "-c", LOOP, sandbox.BUCKET])
        self.assertIn("amazon/aws-cli s3 ls", text)
        ran = self.shell(text.replace("amazon/aws-cli s3 ls", f"my-image {shlex.quote(sys.executable)}{loop[7:]}"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertGreater(len(set(ran.stdout.split())), 3)

    def test_without_the_machines_network_serve_is_not_reached_and_the_gateway_is_refused(self):
        self.person()
        self.aws_beside_the_containers()
        apart = lines("cognito-creds serve").replace("--network host ", "")
        ran = self.shell(apart)
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn('Could not connect to the endpoint URL: "http://127.0.0.1:', ran.stderr)
        # What a failed line leaves behind would be taken for the next one's.
        (self.machine.home / "serve.env").unlink()
        changed = apart.replace("docker run", f"sed -i s/127.0.0.1/{containers.GATEWAY}/ serve.env; docker run")
        ran = self.shell(changed)
        self.assertNotEqual(ran.returncode, 0)
        refusal = re.search(r"Unsupported host '172\.17\.0\.1'.*", PAGE)[0].replace("172.17.0.1", containers.GATEWAY)
        self.assertIn(refusal, ran.stderr)

    # ---- the program inside

    def refresh_token(self) -> str:
        """That of a login at a machine, with which nothing else is done."""
        self.machine.write_profile("elsewhere", **self.sandbox.profile_keys(), cognito_store="file")
        self.machine.credentials("elsewhere")
        kept = pathlib.Path(os.environ["XDG_DATA_HOME"]) / "cognito-creds"
        (login,) = kept.glob("login.*")
        text = login.read_text()
        login.unlink()
        return json.loads(text[text.index("{"):])["refresh_token"]

    def test_a_refresh_token_from_the_environment_costs_each_call_what_the_page_says(self):
        token = self.refresh_token()
        for keys, wanted in (({}, [3, 3]), ({"cognito_store": "file"}, [3, 1])):
            with self.subTest(keys):
                self.machine.config.write_text("")
                self.docker.options = self.docker.options[:4]
                self.container(**keys)
                asked = [self.asked()]
                self.assert_lists(self.shell(lines("read -rs"), f"{token}\n"))
                self.assertEqual(self.asked() - asked[0], 3)
                # Two commands in one container.
                twice = lines("read -rs").replace("aws s3 ls --profile dev", "sh -c 'aws s3 ls --profile dev && aws s3 ls --profile dev'")
                before = self.asked()
                self.assert_lists(self.shell(twice, f"{token}\n"), 2)
                self.assertEqual(self.asked() - before, sum(wanted))

    def asked(self) -> int:
        return sum(self.sandbox.credential_requests().values())

    def test_a_login_on_a_volume_is_there_for_the_next_container(self):
        self.container(cognito_store="file")
        login, _, use = lines("-v cognito-creds:").partition("docker run --rm -v ~/.aws")
        self.machine.variables["PATH"] = f"{self.docker.commands()}:{self.path}"
        session = terminal.Terminal(self.machine, "bash", "-c", f"cd; {login}", TERM="xterm")
        session.wait_for("Paste it here (it is not shown): ")
        address = re.search(rf"  ({re.escape(self.sandbox.url)}\S+)", session.shown)[1]
        browser = [sys.executable, form_browser.__file__, "alice", sandbox.PASSWORD, address, "--address"]
        session.type(subprocess.run(browser, capture_output=True, text=True, check=True).stdout.strip())
        self.assertEqual(session.end(), 0, session.shown)
        self.assertIn("Signed in as alice@example.com for profile dev.", session.shown)
        self.assert_lists(self.shell(f"docker run --rm -v ~/.aws{use}"))
        self.assertEqual(self.sandbox.credential_requests()["token_code"], 1)

    def test_the_seccomp_profile_and_nothing_else_keeps_the_machines_keyring_from_a_container(self):
        self.container()
        outside = self.machine.credentials("dev")
        # The same home, so that nothing but the keyring could tell the two apart.
        same = f"-e HOME={self.machine.home} -v {self.machine.home}/.aws:{self.machine.home}/.aws:ro"
        call = f"my-image {INSIDE} credential-process --profile dev"
        blocked = self.shell(f"docker run --rm {same} {call}")
        self.assertEqual((blocked.returncode, blocked.stdout), (1, ""), blocked.stderr)
        self.assertIn("Profile dev needs a sign-in.", blocked.stderr)
        open_ = self.shell(f"docker run --rm --security-opt seccomp=unconfined {same} {call}")
        self.assertEqual(json.loads(open_.stdout), outside, open_.stderr)


if __name__ == "__main__":
    unittest.main()
