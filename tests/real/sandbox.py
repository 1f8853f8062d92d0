"""The project's own stand-in Cognito (`tests/sandbox`), started as a program on a free port."""

import json
import os
import subprocess
import urllib.parse
import urllib.request

import machine

PASSWORD = "password"
BUCKET = "demo-bucket"


def program():
    """The built sandbox, which can also play the person at a browser."""
    return os.environ.get("COGNITO_SANDBOX_BIN", machine.TARGET / "debug" / "cognito-sandbox")


class Sandbox:
    """A running sandbox; its requests are counted."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [program(), "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        ready, _, self.url = self.process.stdout.readline().strip().partition(" ")
        if ready != "ready":
            self.__exit__()
            raise RuntimeError(f"{program()} did not start")
        return self

    def __exit__(self, *_):
        machine.end(self.process)
        self.process.stdout.close()

    def _control(self, method: str, control: str, **fields):
        address = f"{self.url}/_sandbox/{control}?{urllib.parse.urlencode(fields)}"
        with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=10) as answer:
            return json.load(answer)

    def profile_keys(self) -> dict:
        """The keys of a profile that signs in here, with a redirect of its own."""
        redirect_uri = f"http://localhost:{machine.free_port()}"
        self._control("POST", "register-redirect", uri=redirect_uri)
        world = self._control("GET", "world")
        return {
            "region": world["region"],
            "endpoint_url": self.url,
            "cognito_domain": self.url,
            "cognito_client_id": "sandbox-client",
            "cognito_identity_pool_id": world["identity_pool_id"],
            "cognito_redirect_uri": redirect_uri,
        }

    def let_credentials_live(self, seconds: int):
        """Credentials given out from now on end after that many seconds."""
        self._control("POST", "identity-pool", credential_seconds=seconds)

    def set_clock(self, offset: int):
        """Moves its clock to so many seconds from the true time."""
        self._control("POST", "clock", offset=offset)

    def end_logins(self, person: str):
        """Revokes every refresh token of a person."""
        self._control("POST", "person", name=person, act="revoke")

    def shorten_id_tokens(self, seconds: int):
        self._control("POST", "client", id="sandbox-client", id_token_seconds=seconds)

    def fail(self, endpoint: str, **fault):
        """Makes an endpoint fail once; the kinds and their fields are told in tests/sandbox/src/control.rs."""
        self._control("POST", "fault", endpoint=endpoint, **fault)

    def credential_requests(self) -> dict:
        """How many requests each step towards credentials has cost so far."""
        counts = self._control("GET", "counts")
        return {step: counts[step] for step in ("authorize", "token_code", "token_refresh", "get_id", "get_credentials")}


ONE_SIGN_IN = {"authorize": 1, "token_code": 1, "token_refresh": 0, "get_id": 1, "get_credentials": 1}
