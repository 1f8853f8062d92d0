#!/usr/bin/env python3
"""A browser without a window: opens the sign-in page, fills in its form, follows the redirects, prints the last page.

    form_browser.py USER PASSWORD ADDRESS

Serves any page that is a plain HTML form with a user name and a password. Standard library only.
"""

import html.parser
import http.cookiejar
import sys
import urllib.parse
import urllib.request


class Form(html.parser.HTMLParser):
    """The first `<form>` of a page: where it goes, and the values it already has."""

    def __init__(self, page: str):
        super().__init__()
        self.action, self.fields, self._open = None, {}, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self._open = attributes.get("action") or "", True
        elif tag == "input" and self._open and attributes.get("name"):
            self.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = False


def sign_in(user: str, password: str, address: str) -> str:
    """Returns the text of the page that the sign-in ends on."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(cookies, urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=30) as answer:
        form = Form(answer.read().decode())
        page = answer.url
    if form.action is None:
        raise SystemExit(f"{page} holds no form")
    fields = form.fields | {"username": user, "password": password}
    target = urllib.parse.urljoin(page, form.action)
    with opener.open(target, urllib.parse.urlencode(fields).encode(), timeout=30) as answer:
        return answer.read().decode()


if __name__ == "__main__":
    print(sign_in(*sys.argv[1:]))
