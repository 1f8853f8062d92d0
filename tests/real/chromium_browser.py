#!/usr/bin/env python3
"""A real browser as `$BROWSER`: headless Chromium, led through the sign-in page's own form as a person would be.

    chromium_browser.py FOLDER USER PASSWORD ADDRESS

Leaves in FOLDER what a person saw: `last-page.json` (address, title, text) and screenshots of the sign-in form and of the
last page, light and dark. A user name with an @ goes the company's way.
"""

import json
import pathlib
import sys
import time
import urllib.parse

import webdriver


def sign_in(folder: pathlib.Path, user: str, password: str, address: str):
    with webdriver.Browser() as browser:
        browser.open(address)
        if "@" in user and browser.has("#company"):
            browser.click("#company")
        start = origin(browser.address())
        photograph(browser, folder, "sign-in")
        browser.type("input[name=username]", user)
        browser.type("input[name=password]", password)
        browser.click("button[type=submit]")
        wait_for_another_origin(browser, start)
        photograph(browser, folder, "last-page")
        page = {"address": browser.address(), "title": browser.title(), "text": browser.text()}
        (folder / "last-page.json").write_text(json.dumps(page))


def wait_for_another_origin(browser: webdriver.Browser, start: str):
    """The company's answer posts itself on, and the last page comes only after the code was exchanged."""
    deadline = time.monotonic() + 30
    while origin(browser.address()) == start:
        if time.monotonic() > deadline:
            raise SystemExit(f"still at {browser.address()}: {browser.text()}")
        time.sleep(0.05)


def origin(address: str) -> str:
    return urllib.parse.urlsplit(address).netloc


def photograph(browser: webdriver.Browser, folder: pathlib.Path, name: str):
    for scheme in ("light", "dark"):
        browser.screenshot(folder / f"{name}-{scheme}.png", scheme)


if __name__ == "__main__":
    sign_in(pathlib.Path(sys.argv[1]), *sys.argv[2:])
