"""A backend for `cognito_auth = developer`, as small as it can be: it knows people by e-mail address and password, and
vouches for them at an identity pool with GetOpenIdTokenForDeveloperIdentity.

    pip install boto3
    IDENTITY_POOL_ID=us-east-1:... DEVELOPER_PROVIDER=login.example PEOPLE=people.json python3 developer_backend.py 8000

people.json: {"alice@example.com": {"username": "alice", "salt": HEX, "scrypt": HEX, "aws": true}}; `developer_backend.py
--hash` asks for a password and prints salt and scrypt. Its AWS credentials (an instance role, say) need the IAM action
cognito-identity:GetOpenIdTokenForDeveloperIdentity on that identity pool and nothing else. Real ones keep their logins in a
database, count wrong passwords, and stand behind TLS: cognito-creds speaks plain http to this machine alone.
"""

import getpass
import hashlib
import hmac
import http.server
import json
import os
import secrets
import sys
import time

import boto3
import botocore.exceptions

LOGIN_SECONDS = 12 * 60 * 60
BODY_MAX = 10_000
# Checked where nobody has the address, so that this takes as long as a wrong password.
NOBODY = {"username": "", "salt": "00" * 16, "scrypt": "00" * 64}


def scrypt(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()


class Backend(http.server.ThreadingHTTPServer):
    def __init__(self, port: int):
        with open(os.environ["PEOPLE"], encoding="utf-8") as file:
            self.people = json.load(file)
        self.pool = os.environ["IDENTITY_POOL_ID"]
        self.provider = os.environ["DEVELOPER_PROVIDER"]
        self.cognito = boto3.client("cognito-identity", region_name=self.pool.partition(":")[0])
        self.logins = {}  # the token's digest → (username, when it ends)
        super().__init__(("127.0.0.1", port), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Backend

    def do_POST(self):
        if self.path == "/api/v1/auth/login":
            self.log_in()
        elif self.path == "/api/v1/auth/logout":
            self.server.logins.pop(self.digest(), None)
            self.answer(204)
        else:
            self.answer(404, error="no such path")

    def do_GET(self):
        if self.path == "/api/v1/auth/aws":
            self.vouch()
        else:
            self.answer(404, error="no such path")

    def log_in(self):
        try:
            length = min(max(0, int(self.headers.get("Content-Length", 0))), BODY_MAX)
            asked = json.loads(self.rfile.read(length))
            email, password = str(asked["email"]), str(asked["password"])
        except (ValueError, KeyError, TypeError):
            return self.answer(400, error="email and password are needed")
        person = self.server.people.get(email, NOBODY)
        right = hmac.compare_digest(scrypt(password, person["salt"]), person["scrypt"])
        if not right or person is NOBODY:
            return self.answer(401, error="wrong e-mail address or password")
        for digest, (_, ends) in list(self.server.logins.items()):
            if time.time() >= ends:
                self.server.logins.pop(digest, None)
        token, ends = secrets.token_urlsafe(32), time.time() + LOGIN_SECONDS
        self.server.logins[hashlib.sha256(token.encode()).hexdigest()] = (person["username"], ends)
        return self.answer(200, token=token, username=person["username"])

    def vouch(self):
        username, ends = self.server.logins.get(self.digest(), ("", 0))
        if time.time() >= ends:
            return self.answer(401, error="sign in first")
        if not any(p["username"] == username and p.get("aws", True) for p in self.server.people.values()):
            return self.answer(403, error="no AWS for you")
        try:
            given = self.server.cognito.get_open_id_token_for_developer_identity(
                IdentityPoolId=self.server.pool, Logins={self.server.provider: username}, TokenDuration=15 * 60
            )
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            self.log_error("AWS: %s", error)
            return self.answer(502, error="AWS did not answer as it should")
        return self.answer(200, IdentityId=given["IdentityId"], Token=given["Token"])

    def digest(self) -> str:
        """The key of the caller's login; a stolen table of digests signs nobody in."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return hashlib.sha256(token.encode()).hexdigest() if scheme == "token" else ""

    def answer(self, status: int, **fields):
        body = json.dumps(fields).encode() if fields else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    if sys.argv[1:] == ["--hash"]:
        salt = secrets.token_hex(16)
        print(json.dumps({"salt": salt, "scrypt": scrypt(getpass.getpass(), salt)}))
        return
    server = Backend(int(sys.argv[1]))
    print(f"ready http://127.0.0.1:{server.server_port}/api/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
