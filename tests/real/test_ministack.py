"""The binary against an implementation of Cognito, IAM and S3 that this project did not write."""

import datetime
import pathlib
import sys
import tempfile
import unittest

import botocore.exceptions

import machine
import ministack_account
from ministack_account import PASSWORD, USER

FORM_BROWSER = [sys.executable, machine.HERE / "form_browser.py", USER, PASSWORD]


class AgainstMinistack(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ministack-"))
        self.server = self.enterContext(ministack_account.Ministack(pathlib.Path(folder)))
        self.redirect_uri = f"http://localhost:{machine.free_port()}"
        self.account = ministack_account.Account(self.server, self.redirect_uri)
        self.machine = self.enterContext(machine.Machine(FORM_BROWSER))
        self.write_profile("dev")
        # The same login; nothing is cached, so each call goes to the token endpoint and the identity pool. The pool's ID
        # tokens live for five minutes: a stored one is always too old, and each call has to refresh.
        self.write_profile("uncached", cognito_cache="none", cognito_interactive="never")

    def write_profile(self, name, **keys):
        self.machine.write_profile(
            name,
            region=ministack_account.REGION,
            endpoint_url=self.server.url,
            cognito_domain=self.server.url,
            cognito_client_id=self.account.client_id,
            cognito_identity_pool_id=self.account.identity_pool_id,
            cognito_redirect_uri=self.redirect_uri,
            **keys,
        )

    def s3(self, credentials):
        return self.client("s3", credentials)

    def client(self, service, credentials):
        return self.server.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    def assert_denied(self, operation, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            operation(**arguments)
        self.assertEqual(raised.exception.response["Error"]["Code"], "AccessDenied")

    def test_first_call_signs_in_through_the_form_and_the_second_is_silent(self):
        first = self.machine.credentials("dev")
        self.assertEqual(self.machine.tabs(), 1)
        self.assertEqual(self.machine.credentials("dev"), first)
        self.assertEqual(self.machine.tabs(), 1)

    def test_iam_accepts_the_credentials_for_what_the_role_allows_and_for_nothing_else(self):
        s3 = self.s3(self.machine.credentials("dev"))
        listed = s3.list_objects_v2(Bucket=self.account.bucket)["Contents"]
        self.assertEqual([entry["Key"] for entry in listed], ["2026/november.csv"])
        body = s3.get_object(Bucket=self.account.bucket, Key="2026/november.csv")["Body"].read()
        self.assertEqual(body, b"month,total\n11,42\n")
        self.assert_denied(s3.put_object, Bucket=self.account.bucket, Key="new", Body=b"")
        self.assert_denied(s3.list_objects_v2, Bucket=self.account.other_bucket)
        self.assert_denied(s3.create_bucket, Bucket="one-more")

    def test_an_id_token_near_its_end_is_refreshed_without_a_browser(self):
        signed_in = self.machine.credentials("dev")
        refreshed = self.machine.credentials("uncached")
        self.assertNotEqual(refreshed["AccessKeyId"], signed_in["AccessKeyId"])
        self.assertEqual(self.machine.tabs(), 1)
        self.s3(refreshed).list_objects_v2(Bucket=self.account.bucket)

    def test_the_basic_flow_gives_longer_credentials_that_tell_who_it_is(self):
        self.write_profile("long", cognito_flow="basic", cognito_duration_seconds=7200, cognito_role=self.account.role)
        credentials = self.machine.credentials("long")
        end = datetime.datetime.fromisoformat(credentials["Expiration"])
        left = end - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(left.total_seconds(), 7200, delta=300)
        who = self.client("sts", credentials).get_caller_identity()
        self.assertTrue(who["Arn"].endswith("assumed-role/reader/alice@example.com"), who["Arn"])
        self.s3(credentials).list_objects_v2(Bucket=self.account.bucket)
        self.assert_denied(self.s3(credentials).create_bucket, Bucket="one-more")

    def test_a_disabled_person_is_asked_to_sign_in_and_can_when_enabled_again(self):
        self.machine.credentials("dev")
        self.account.disable_user()
        self.assert_asks_to_sign_in()
        self.assertEqual(self.machine.tabs(), 1)

        self.account.enable_user()
        login = self.machine.cognito_creds("login", "--profile", "uncached")
        self.assertEqual(login.returncode, 0, login.stderr)
        self.assertEqual(self.machine.tabs(), 2)
        self.s3(self.machine.credentials("uncached")).list_objects_v2(Bucket=self.account.bucket)

    def test_a_refused_refresh_token_is_not_kept(self):
        self.machine.credentials("dev")
        self.account.disable_user()
        self.assert_asks_to_sign_in()
        # With a refresh token left, this would be a matter of the network.
        self.server.stop()
        self.assert_asks_to_sign_in()

    def assert_asks_to_sign_in(self):
        refused = self.machine.cognito_creds("credential-process", "--profile", "uncached")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""), refused.stderr)
        lines = refused.stderr.splitlines()
        self.assertEqual(len(lines), 2, refused.stderr)
        self.assertIn("cognito-creds login --profile uncached", lines[1])


if __name__ == "__main__":
    unittest.main()
