"""The commands on the pages of `docs/setup` and of the README, run as they stand there by the AWS CLI and the built binary, against ministack."""

import configparser
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import machine
import ministack_account
import template
from ministack_account import PASSWORD, policy

ALICE = "alice@example.com"
ADMINISTRATOR = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Pages(unittest.TestCase):
    """Each in a home of its own, beside the templates without what ministack lacks."""

    maxDiff = None

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ministack-"))
        self.server = self.enterContext(ministack_account.Ministack(pathlib.Path(folder)))
        browser = [sys.executable, machine.HERE / "form_browser.py", ALICE, PASSWORD]
        self.machine = self.enterContext(machine.Machine(browser))
        folder = self.machine.home / "docs" / "setup"
        folder.mkdir(parents=True)
        for name in ("saml", "google", "password", "developer"):
            deployable = template.without(template.read(name), template.MISSING)
            (folder / f"{name}.yaml").write_text(template.text(deployable))

    def test_passwords_lead_to_a_sign_in(self):
        deploy, people, profile, sign_in = template.blocks("password", "sh")
        redirects = [f"http://localhost:{machine.free_port()}" for _ in range(2)]
        words = "--parameter-overrides "
        self.assertIn(words, deploy)
        deploy = deploy.replace(words, f"{words}RedirectUris={','.join(redirects)} ")
        choose = self.person("$USER_POOL_ID").splitlines()[-1]
        self.run_in_shell(ADMINISTRATOR, deploy, people, choose, profile)
        self.assert_profile_is_as_shown("password", cognito_redirect_uri=", ".join(redirects))

        self.assertIn(":assumed-role/my-team-", self.assert_doctor_and_sign_in(sign_in))

        (leave,) = (block for block in template.blocks("README", "sh") if "admin-disable-user" in block)
        look = 'aws cognito-idp admin-get-user --user-pool-id "$USER_POOL_ID" --username "$LEAVER" --query Enabled'
        seen = self.run_in_shell(ADMINISTRATOR, "export AWS_DEFAULT_REGION=eu-west-1", leave, look)
        self.assertEqual(seen.split()[-1], "false")

        (change,) = (block for block in template.blocks("README", "sh") if "LoginHours" in block)
        self.run_in_shell(ADMINISTRATOR, "export AWS_DEFAULT_REGION=eu-west-1", change)

    def test_the_readme_leads_from_a_user_pool_to_a_listed_bucket(self):
        _build, client, pool, profile, sign_in = template.blocks("../../README", "sh")
        redirect = f"http://localhost:{machine.free_port()}"
        client = client.replace("http://localhost:8080", redirect).replace("eu-west-1_AbCdEfGhI", "$USER_POOL")
        profile += f"cognito-creds configure --profile dev --redirect-uri {redirect}"
        user_pool, _domain = template.blocks("by-hand", "sh")[0].rsplit("\naws ", 1)
        user_pool += '\nUSER_POOL=$USER_POOL_ID\naws cognito-idp create-user-pool-domain --user-pool-id "$USER_POOL"'
        user_pool += ' --domain "$PREFIX"'
        seen = self.run_in_shell(ADMINISTRATOR, user_pool, self.person("$USER_POOL"), client, pool, profile)
        self.assertIn('"my-team"', seen)
        self.assert_doctor_and_sign_in(sign_in)
        (shown,) = template.blocks("../../README", "ini")
        made = self.profile()
        self.assertEqual(list(made), [*self.profile(shown), "cognito_redirect_uri"])

    def test_the_pools_made_by_hand_lead_to_a_sign_in(self):
        blocks = template.blocks("by-hand", "sh")
        user_pool, person, client, pool, role, profile, sign_in, roles, saml = blocks
        for port in ("8080", "8095"):
            free = f"http://localhost:{machine.free_port()}"
            client, profile = (text.replace(f"http://localhost:{port}", free) for text in (client, profile))
        choose = self.person('$USER_POOL_ID').splitlines()[-1]
        look = 'aws cognito-identity get-identity-pool-roles --identity-pool-id "$IDENTITY_POOL_ID" --query RoleMappings'
        seen = self.run_in_shell(
            ADMINISTRATOR, user_pool, person, choose, client, pool, role, profile, roles, look, saml
        )
        # ministack keeps the mapping and gives everybody the authenticated role.
        self.assertIn('"AmbiguousRoleResolution": "Deny"', seen)
        self.assert_doctor_and_sign_in(sign_in)

    def test_the_lines_for_one_change_are_taken(self):
        (limit,) = (block for block in template.blocks("../basic-flow", "sh") if "update-role" in block)
        trust = policy({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
        self.server.client("iam").create_role(RoleName="Developer", AssumeRolePolicyDocument=trust)
        look = "aws iam get-role --role-name Developer --query Role.MaxSessionDuration"
        region = "export AWS_DEFAULT_REGION=eu-west-1"
        self.assertEqual(self.run_in_shell(ADMINISTRATOR, region, limit, look).split()[-1], "43200")

        (provider,) = (block for block in template.blocks("../oidc", "sh") if "PROVIDER_ARN" in block)
        world = f"{region}\nISSUER=https://id.example.com CLIENT_ID=some-client"
        world += "\nUSER_POOL_NAME=cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc"
        (tags,) = (block for block in template.blocks("README", "sh") if "principal-tag" in block)
        look = 'echo "$PROVIDER_ARN" "$IDENTITY_POOL_ID"'
        seen = self.run_in_shell(ADMINISTRATOR, world, provider, tags, look)
        self.assertRegex(seen, r"oidc-provider/id\.example\.com eu-west-1:[0-9a-f-]{36}\n")

    def test_the_aws_cli_sets_keys_of_a_profile(self):
        self.machine.write_profile("dev", cognito_domain="my-team", cognito_client_id="c")
        lines = [
            line
            for page in ("../configuration", "../troubleshooting")
            for block in template.blocks(page, "sh")
            for line in block.splitlines()
            if line.startswith("aws configure set ")
        ]
        self.assertEqual(len(lines), 3)
        self.run_in_shell({}, *lines)
        for line in lines:
            key, value = shlex.split(line)[3:5]
            self.assertEqual(self.profile()[key], value)

    def person(self, pool: str) -> str:
        """Commands that make Alice, who reads her mail and chooses a password of her own."""
        of_alice = f'--user-pool-id "{pool}" --username {ALICE}'
        attributes = f"--user-attributes Name=email,Value={ALICE} Name=email_verified,Value=true"
        choose = f"aws cognito-idp admin-set-user-password {of_alice} --password {shlex.quote(PASSWORD)} --permanent"
        return f"aws cognito-idp admin-create-user {of_alice} {attributes}\n{choose}"

    def assert_doctor_and_sign_in(self, block: str) -> str:
        """Runs a page's last block; Cognito's own address stands for the domain, where nobody answers."""
        self.run_in_shell({}, f"aws configure set cognito_domain {self.server.url} --profile dev")
        doctor, *rest = block.splitlines()
        found = self.run_in_shell({}, f"{doctor} || true")
        # ministack doesn't refuse the domain's probe as a user pool does; everything else is as it should be.
        self.assertEqual(re.findall(r"^FAIL +(\w+)", found, re.MULTILINE), ["domain"], found)
        seen = self.run_in_shell({}, *rest)
        self.assertEqual(self.machine.tabs(), 1)
        return seen

    def test_entra_id_leads_to_a_profile_and_to_a_group(self):
        deploy, identifier, profile, _sign_in, groups = template.blocks("entra-id", "sh")
        seen = self.run_in_shell(ADMINISTRATOR, deploy, identifier, profile)
        self.assertRegex(seen, r"SamlIdentifier\turn:amazon:cognito:sp:eu-west-1_\w+\n")
        self.assertIn("SamlReplyUrl\thttps://my-team.auth.eu-west-1.amazoncognito.com/saml2/idpresponse\n", seen)
        self.assert_profile_is_as_shown("entra-id", cognito_identity_provider="EntraID")

        self.assert_person_gets_into_group("EntraID_6f1d2c3b", groups)

    def test_google_leads_to_a_secret_a_profile_and_a_group(self):
        store, deploy, profile, _sign_in, groups = template.blocks("google", "sh")
        secret = "GOCSPX-a b'c\"d$e"
        (prompt,) = re.findall("^read -rs GOOGLE_SECRET .*$", store, re.MULTILINE)
        seen = self.run_in_shell(
            ADMINISTRATOR, store.replace(prompt, f"GOOGLE_SECRET={shlex.quote(secret)}"), deploy, profile
        )
        self.assertNotIn(secret, seen)
        self.assert_profile_is_as_shown("google", cognito_identity_provider="Google")
        self.assertEqual(self.secret_of_google(), secret)
        self.assert_person_gets_into_group("Google_104857600", groups)

    def secret_of_google(self) -> str:
        """What CloudFormation finds where the template looks for the client secret. ministack has no such provider, but
        a policy's description."""
        whole = template.read("google")
        looked_up = whole["Resources"]["IdentityProvider"]["Properties"]["ProviderDetails"]["client_secret"]
        statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        shown = {"PolicyDocument": document, "Description": looked_up}
        body = {
            "Parameters": {"ClientSecretName": whole["Parameters"]["ClientSecretName"]},
            "Resources": {"Shown": {"Type": "AWS::IAM::ManagedPolicy", "Properties": shown}},
            "Outputs": {"Arn": {"Value": {"Ref": "Shown"}}},
        }
        stacks = self.server.client("cloudformation", region="eu-west-1")
        stacks.create_stack(
            StackName="shown",
            TemplateBody=template.text(body),
            Parameters=[{"ParameterKey": "ClientSecretName", "ParameterValue": "my-team-google"}],
            Capabilities=["CAPABILITY_IAM"],
        )
        stacks.get_waiter("stack_create_complete").wait(StackName="shown", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        (output,) = stacks.describe_stacks(StackName="shown")["Stacks"][0]["Outputs"]
        return self.server.client("iam").get_policy(PolicyArn=output["OutputValue"])["Policy"]["Description"]

    def assert_person_gets_into_group(self, name: str, groups: str):
        """The page's commands find by the address who came through a provider, as Cognito names such people."""
        pool = self.profile()["cognito_user_pool_id"]
        create = f"aws cognito-idp admin-create-user --user-pool-id {pool} --username {name}"
        create += f" --user-attributes Name=email,Value={ALICE}"
        listed = f"aws cognito-idp list-users-in-group --user-pool-id {pool} --group-name developers"
        region = "export AWS_DEFAULT_REGION=eu-west-1"
        seen = self.run_in_shell(ADMINISTRATOR, region, create, groups, listed)
        self.assertIn(name, seen.rpartition('"Users"')[2])

    def test_developer_identities_lead_to_the_backends_right_and_to_a_profile(self):
        deploy, attach, _ministack_has_no_such_call, profile = template.blocks("developer", "sh")
        trust = policy({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
        iam = self.server.client("iam")
        iam.create_role(RoleName="my-backend-server", AssumeRolePolicyDocument=trust)
        self.run_in_shell(ADMINISTRATOR, deploy, attach, profile)
        (attached,) = iam.list_attached_role_policies(RoleName="my-backend-server")["AttachedPolicies"]
        self.assertEqual(attached["PolicyName"], "my-backend-backend")
        self.assert_profile_is_as_shown("developer", cognito_auth="developer")

    def assert_profile_is_as_shown(self, page: str, **wanted):
        """The page's own commands have made the profile that the page shows, but for ids, paths and what `wanted` says."""
        (shown,) = template.blocks(page, "ini")
        shown, made = self.profile(shown), self.profile()
        self.assertEqual(list(made), list(shown))
        for key in ("region", "cognito_domain", "cognito_developer_url"):
            self.assertEqual(made.get(key), shown.get(key))
        self.assertEqual(made["credential_process"], f"{machine.binary()} credential-process --profile dev")
        self.assertEqual(made | wanted, made)

    def profile(self, text: str | None = None) -> dict:
        """The keys of the profile `dev`, in this text or in the person's config file."""
        config = configparser.ConfigParser(interpolation=None)
        config.read_string(text or self.machine.config.read_text())
        return dict(config["profile dev"])

    def run_in_shell(self, environment: dict, *scripts: str) -> str:
        """Runs them in one shell that ends with the first failure; returns what they print."""
        programs = [machine.TARGET / "tools" / "awscli" / "bin", machine.binary().parent]
        path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        world = {"PATH": path, "AWS_ENDPOINT_URL": self.server.url}
        world["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"] = self.server.url
        done = subprocess.run(
            ["sh", "-eu", "-c", "\n".join(scripts)],
            env=self.machine.environment() | world | environment,
            cwd=self.machine.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


if __name__ == "__main__":
    unittest.main()
