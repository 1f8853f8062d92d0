"""A small client of the W3C WebDriver protocol (https://www.w3.org/TR/webdriver2/): headless Chromium through chromedriver.

Standard library only; it knows the dozen commands that a sign-in form needs.
"""

import base64
import contextlib
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import machine

# The key under which the protocol names an element (section 12.1).
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

CHROMIUM_FLAGS = [
    "--headless=new",
    # Chromium refuses its sandbox to root, which is who CI is.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # Nothing but the page under test is to be fetched.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--window-size=1000,800",
]


class Browser:
    """One Chromium with a fresh profile, for the life of a `with` block; or one that somebody else has started with a
    debugging port."""

    def __init__(self, debugging_port: int | None = None):
        self._left = contextlib.ExitStack()
        self._debugging_port = debugging_port

    def __enter__(self):
        try:
            options = self._options()
            port = machine.free_port()
            driver = subprocess.Popen(
                ["chromedriver", f"--port={port}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._left.callback(machine.end, driver)
            self._url = f"http://127.0.0.1:{port}"
            self._wait_for_driver(driver)
            capabilities = {"browserName": "chrome", "goog:chromeOptions": options}
            session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self._url += f"/session/{session['sessionId']}"
            self._left.callback(self._call, "DELETE", "")
        except BaseException:
            self._left.close()
            raise
        return self

    def __exit__(self, *_):
        self._left.close()

    def _options(self) -> dict:
        if self._debugging_port is not None:
            return {"debuggerAddress": f"127.0.0.1:{self._debugging_port}"}
        profile = self._left.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        return {"args": [*CHROMIUM_FLAGS, f"--user-data-dir={profile}"]}

    def _wait_for_driver(self, driver: subprocess.Popen):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and driver.poll() is None:
            with contextlib.suppress(OSError):
                if self._call("GET", "/status")["ready"]:
                    return
            time.sleep(0.05)
        raise RuntimeError("chromedriver did not start")

    def _call(self, method: str, path: str, body: dict | None = None):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                value = json.load(error)["value"]
            raise LookupError(f"{method} {path}: {value['error']}: {value['message']}") from None

    def open(self, address: str):
        """Goes to `address` and waits until it has loaded."""
        self._call("POST", "/url", {"url": address})

    def address(self) -> str:
        """What the address bar shows."""
        return self._call("GET", "/url")

    def title(self) -> str:
        """The title of the page."""
        return self._call("GET", "/title")

    def text(self) -> str:
        """The words that a person sees."""
        return self._call("GET", f"/element/{self._find('body')}/text")

    def type(self, selector: str, text: str):
        """Types `text` into the field at the CSS `selector`."""
        self._call("POST", f"/element/{self._find(selector)}/value", {"text": text})

    def click(self, selector: str):
        """Clicks what is at `selector`; a click that leads to another page waits for it."""
        self._call("POST", f"/element/{self._find(selector)}/click")

    def has(self, selector: str) -> bool:
        """Is there something at `selector`?"""
        with contextlib.suppress(LookupError):
            return bool(self._find(selector))
        return False

    def screenshot(self, file: pathlib.Path, scheme: str):
        """Saves the page as a PNG, as a person with that colour scheme (`light` or `dark`) sees it."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            # Not in the middle of an animation.
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        # The protocol itself has no word for either; this is chromedriver's way to Chromium's own.
        self._call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}})
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def _find(self, selector: str) -> str:
        return self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
