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
    """One Chromium with a fresh profile and these further flags, for the life of a `with` block; or one that somebody
    else has started with a debugging port."""

    def __init__(self, *flags: str, debugging_port: int | None = None):
        self._left = contextlib.ExitStack()
        self._flags = flags
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
        return {"args": [*CHROMIUM_FLAGS, *self._flags, f"--user-data-dir={profile}"]}

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

    def run(self, script: str, *arguments):
        """Runs the body of an async JavaScript function in the page; what it returns, or the name of what it throws."""
        answer = "const answer = arguments[arguments.length - 1]"
        call = f"(async (...given) => {{{script}}})(...arguments).then(answer, error => answer(error.name))"
        return self._call("POST", "/execute/async", {"script": f"{answer}; {call}", "args": arguments})

    def tab(self) -> str:
        """The handle of the tab that the other calls mean."""
        return self._call("GET", "/window")

    def tabs(self) -> list:
        """The handles of all tabs."""
        return self._call("GET", "/window/handles")

    def switch(self, tab: str):
        """From now on the other calls mean this tab."""
        self._call("POST", "/window", {"handle": tab})

    def new_tab(self):
        """Opens an empty tab and switches to it."""
        self.switch(self._call("POST", "/window/new", {"type": "tab"})["handle"])

    def close_tab(self):
        """Closes this tab; switch to another one then."""
        self._call("DELETE", "/window")

    def forget_cookies(self):
        """Drops the cookies of the page's host, on all of its ports."""
        self._call("DELETE", "/cookie")

    def has_dialog(self) -> bool:
        """Does the page show an `alert` or one of its kind?"""
        with contextlib.suppress(LookupError):
            return self._call("GET", "/alert/text") is not None
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
