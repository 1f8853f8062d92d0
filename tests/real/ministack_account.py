"""A Cognito that this project did not write: ministack, started on a free port with IAM enforced, and the pools, role and
bucket that an administrator would set up in it.

Run by the interpreter of the `ministack` environment (`requirements/ministack.txt`), which holds boto3 as well.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import boto3

import machine

REGION = "us-east-1"
USER = "alice"
PASSWORD = "Correct-Horse-7!"


class Ministack:
    """The running server. Everything it keeps is in `folder`; root's keys are `test` / `test`."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.port = machine.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "ministack.log"

    def __enter__(self):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            # Without these two it listens on every interface, and on the MQTT port as well.
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "false",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "SERVICES": "cloudformation,cognito-idp,cognito-identity,secretsmanager,sts,iam,s3",
            "STATE_DIR": str(self.folder / "state"),
            # IAM policies are enforced, and set-up mistakes refused.
            "AUTH": "true",
        }
        program = pathlib.Path(sys.executable).with_name("ministack")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """From here on nobody answers at `url`."""
        machine.end(self.process)

    def _wait_until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2):
                return
            time.sleep(0.1)
        raise RuntimeError(f"ministack did not start:\n{self.log.read_text()}")

    def client(self, service: str, region: str = REGION, **keys):
        """A boto3 client; without `keys`, the administrator's."""
        keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=region, endpoint_url=self.url, **keys)


class Account:
    """One AWS account in `server`: a user pool with one person, an identity pool, and a role that may read one bucket."""

    bucket = "team-reports"
    other_bucket = "payroll"

    def __init__(self, server: Ministack, redirect_uri: str):
        self.server = server
        self.users = server.client("cognito-idp")
        self._make_buckets()
        self.role = self._make_role()
        self._make_user_pool(redirect_uri)
        self._make_identity_pool()

    def _make_buckets(self):
        s3 = self.server.client("s3")
        for bucket in (self.bucket, self.other_bucket):
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key="2026/november.csv", Body=b"month,total\n11,42\n")

    def _make_role(self) -> str:
        iam = self.server.client("iam")
        # The real trust policy names the identity pool's id in a condition; the pool does not exist yet, and ministack
        # does not read the condition.
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        }
        allowed = [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{self.bucket}"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{self.bucket}/*"},
        ]
        role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=policy(trust))["Role"]
        iam.put_role_policy(RoleName="reader", PolicyName="read-one-bucket", PolicyDocument=policy(*allowed))
        return role["Arn"]

    def _make_user_pool(self, redirect_uri: str):
        self.user_pool_id = self.users.create_user_pool(PoolName="people")["UserPool"]["Id"]
        self.client_id = self.users.create_user_pool_client(
            UserPoolId=self.user_pool_id,
            ClientName="cognito-creds",
            GenerateSecret=False,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email", "profile"],
            CallbackURLs=[redirect_uri],
            SupportedIdentityProviders=["COGNITO"],
            # The shortest that Cognito allows: with so little left an ID token is refreshed before each use.
            IdTokenValidity=5,
            AccessTokenValidity=5,
            TokenValidityUnits={"IdToken": "minutes", "AccessToken": "minutes"},
        )["UserPoolClient"]["ClientId"]
        self.users.admin_create_user(
            UserPoolId=self.user_pool_id,
            Username=USER,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": "alice@example.com"}, {"Name": "email_verified", "Value": "true"}],
        )
        self.users.admin_set_user_password(
            UserPoolId=self.user_pool_id, Username=USER, Password=PASSWORD, Permanent=True
        )

    def _make_identity_pool(self):
        pools = self.server.client("cognito-identity")
        self.identity_pool_id = pools.create_identity_pool(
            IdentityPoolName="people",
            AllowClassicFlow=True,
            AllowUnauthenticatedIdentities=False,
            CognitoIdentityProviders=[
                {"ClientId": self.client_id, "ProviderName": f"cognito-idp.{REGION}.amazonaws.com/{self.user_pool_id}"}
            ],
        )["IdentityPoolId"]
        pools.set_identity_pool_roles(IdentityPoolId=self.identity_pool_id, Roles={"authenticated": self.role})

    def disable_user(self):
        """What an administrator does when a person leaves."""
        self.users.admin_disable_user(UserPoolId=self.user_pool_id, Username=USER)

    def enable_user(self):
        """Undoes `disable_user`."""
        self.users.admin_enable_user(UserPoolId=self.user_pool_id, Username=USER)


def policy(*statements: dict) -> str:
    """An IAM policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
