#!/usr/bin/env python3
"""A browser without a window: opens the sign-in page, fills in its form, follows the redirects, prints the last page.

    form_browser.py USER PASSWORD ADDRESS [--address]

With --address it prints what its address bar shows in the end, also where the last page can't be reached.
Serves any page that is a plain HTML form with a user name and a password. Standard library only.
"""

import html.parser
import http.cookiejar
import sys
import urllib.error
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


class AddressBar(urllib.request.HTTPRedirectHandler):
    """Follows redirects as ever, and knows where the last one led."""

    address = None

    def redirect_request(self, request, page, code, message, headers, address):
        self.address = address
        return super().redirect_request(request, page, code, message, headers, address)


def sign_in(user: str, password: str, address: str) -> tuple:
    """Returns the address that the sign-in ends on and the text of its page, None where that can't be reached."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    bar = AddressBar()
    opener = urllib.request.build_opener(cookies, urllib.request.ProxyHandler({}), bar)
    with opener.open(address, timeout=30) as answer:
        form = Form(answer.read().decode())
        page = answer.url
    if form.action is None:
        raise SystemExit(f"{page} holds no form")
    fields = form.fields | {"username": user, "password": password}
    target = urllib.parse.urljoin(page, form.action)
    try:
        with opener.open(target, urllib.parse.urlencode(fields).encode(), timeout=30) as answer:
            return answer.url, answer.read().decode()
    except urllib.error.URLError as error:
        if isinstance(error, urllib.error.HTTPError) or bar.address is None:
            raise
        return bar.address, None


def main(user: str, password: str, address: str, *flags):
    address, page = sign_in(user, password, address)
    if "--address" in flags:
        print(address)
    elif page is None:
        raise SystemExit("the last page can't be reached")
    else:
        print(page)


if __name__ == "__main__":
    main(*sys.argv[1:])
