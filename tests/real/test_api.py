"""The lines of docs/api-gateway.md, run by a shell with the real curl against an API that wants the token."""

import base64
import http.server
import json
import os
import re
import sys
import threading
import unittest

import machine
import sandbox

PAGE = (machine.ROOT / "docs" / "api-gateway.md").read_text()


def claims(token: str) -> dict:
    middle = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


class Api(http.server.HTTPServer):
    """Tells who asks, by the token in `Authorization`."""

    def __init__(self):
        self.tokens = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        token = self.headers["Authorization"]
        self.server.tokens.append(token)
        body = claims(token)["email"].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Page(unittest.TestCase):
    def setUp(self):
        self.sandbox = self.enterContext(sandbox.Sandbox())
        browser = [sys.executable, machine.HERE / "form_browser.py", "alice", sandbox.PASSWORD]
        self.machine = self.enterContext(machine.Machine(browser))
        self.api = Api()
        self.addCleanup(self.api.server_close)
        self.addCleanup(self.api.shutdown)

    def test_each_line_calls_the_api_as_the_person(self):
        keys = self.sandbox.profile_keys()
        del keys["cognito_identity_pool_id"]
        self.machine.write_profile("dev", **keys)
        lines = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "curl" in block]
        self.assertEqual(len(lines), 2)
        address = f"http://127.0.0.1:{self.api.server_port}/"
        for line in lines:
            line, replaced = re.subn(r"https://\S+\.amazonaws\.com/", address, line)
            self.assertEqual(replaced, 1)
            path = os.pathsep.join([str(machine.binary().parent), os.environ["PATH"]])
            done = self.machine.run("env", f"PATH={path}", "sh", "-euc", line)
            self.assertEqual((done.returncode, done.stdout), (0, "alice@example.com"), done.stderr)
        first, second = self.api.tokens
        self.assertEqual(first, second)
        self.assertEqual(claims(first)["token_use"], "id")
        self.assertEqual(self.machine.tabs(), 1)


if __name__ == "__main__":
    unittest.main()
