"""A hostile web page in the very browser that a person signs in with, and hostile words from the provider: a real Chromium.

The listener says with `-vv` what it turned away, so each attack is known to have arrived, and why it was nothing.
"""

import contextlib
import http.server
import threading
import time
import unittest
import urllib.parse

import machine
import sandbox
import webdriver

# Names that Chromium finds on this machine; to it they are as foreign as any.
FOREIGN, REBOUND = "evil.test", "rebound.test"
RESOLVER = f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP {REBOUND} 127.0.0.1"
IGNORED = "the callback listener ignored a request: "
FORGED = "/?code=forged&state=wrong"

# What became of an element, or that nothing did.
ELEMENT = """
    const [kind, attributes] = %s;
    const element = Object.assign(document.createElement(kind), attributes);
    const outcome = new Promise(done => {
        element.onload = () => done('loaded');
        element.onerror = () => done('error');
        setTimeout(() => done('nothing'), 1500);
    });
    document.body.append(element);
    const what = await outcome;
    const inside = element.contentDocument ? element.contentDocument.body.innerText : '';
    return what + inside;
"""
# A window of the page's own making: what is to be read in it after a while.
POPUP = """
    %s
    await new Promise(done => setTimeout(done, 1000));
    try { return popup.closed ? 'gone' : popup.document.body.innerText } catch (error) { return error.name }
"""
FORM = """
    const popup = window.open('about:blank', 'popup');
    const form = Object.assign(document.createElement('form'), {action: given[0], method: '%s', target: 'popup'});
    for (const [name, value] of [['code', 'forged'], ['state', 'wrong']])
        form.append(Object.assign(document.createElement('input'), {name, value}));
    document.body.append(form);
    form.submit();
"""
SPECULATION = """
    const script = Object.assign(document.createElement('script'), {type: 'speculationrules'});
    script.textContent = JSON.stringify({%s: [{source: 'list', urls: [given[0]], eagerness: 'immediate'}]});
    document.head.append(script);
    await new Promise(done => setTimeout(done, 1500));
    return 'nothing';
"""
NOT_A_TAB, POSTED, OTHER_STATE = "NotNavigation", "Method", "Query(OtherState)"

# What a page tries, what it may learn, and why the listener made nothing of it.
ATTACKS = {
    "fetch": ("return await (await fetch(given[0])).text()", "TypeError", NOT_A_TAB),
    "fetch without CORS": (
        "const answer = await fetch(given[0], {mode: 'no-cors', credentials: 'include'});"
        "return answer.type + answer.status + await answer.text()",
        "TypeError",
        NOT_A_TAB,
    ),
    "fetch with a preflight": ("return await (await fetch(given[0], {headers: {'x-a': 'b'}})).text()", "TypeError", POSTED),
    "fetch by POST": ("return await (await fetch(given[0], {method: 'POST', body: 'a'})).text()", "TypeError", POSTED),
    "XMLHttpRequest": (
        "const request = new XMLHttpRequest(); request.open('GET', given[0]);"
        "await new Promise(done => { request.onloadend = done; request.send() });"
        "return request.status + request.responseText",
        "0",
        NOT_A_TAB,
    ),
    "beacon": ("navigator.sendBeacon(given[0], 'a'); return 'nothing'", "nothing", POSTED),
    "image": (ELEMENT % "['img', {src: given[0]}]", "error", NOT_A_TAB),
    "script": (ELEMENT % "['script', {src: given[0]}]", "error", NOT_A_TAB),
    "style sheet": (ELEMENT % "['link', {rel: 'stylesheet', href: given[0]}]", "error", NOT_A_TAB),
    "video": (ELEMENT % "['video', {src: given[0]}]", "error", NOT_A_TAB),
    "frame": (ELEMENT % "['iframe', {src: given[0]}]", "loaded", NOT_A_TAB),
    "object": (ELEMENT % "['object', {data: given[0]}]", "error", NOT_A_TAB),
    "link prefetch": (ELEMENT % "['link', {rel: 'prefetch', href: given[0]}]", "error", NOT_A_TAB),
    "link prerender": (ELEMENT % "['link', {rel: 'prerender', href: given[0]}]", "nothing", None),
    "speculative prefetch": (SPECULATION % "prefetch", "nothing", None),
    "speculative prerender": (SPECULATION % "prerender", "nothing", None),
    "EventSource": (
        "return await new Promise(done => { const source = new EventSource(given[0]);"
        "source.onmessage = message => done(message.data); source.onerror = () => { source.close(); done('error') } })",
        "error",
        NOT_A_TAB,
    ),
    "WebSocket": (
        "return await new Promise(done => { const socket = new WebSocket(given[0].replace('http', 'ws'));"
        "socket.onopen = () => done('open'); socket.onclose = event => done('closed ' + event.code + event.reason) })",
        "closed 1006",
        NOT_A_TAB,
    ),
    "module preload": (ELEMENT % "['link', {rel: 'modulepreload', href: given[0]}]", "error", NOT_A_TAB),
    "form by GET": (POPUP % (FORM % "get"), "gone", OTHER_STATE),
    "form by POST": (POPUP % (FORM % "post"), "gone", POSTED),
    "window": (POPUP % "const popup = window.open(given[0]);", "gone", OTHER_STATE),
}


# Whatever an HTML parser could take for more than words.
SCRIPT = (
    "</p></main></title></style><script>window.ran = 1</script><script>alert(1)</script><img src=x onerror='window.ran=1'>"
    "<svg onload=window.ran=1><a href=javascript:window.ran=1>x</a>\"'--> \x1b]0;title\x07 \u202e"
)
# What in the page is not ours.
MADE = """
    const made = [...document.querySelectorAll('script, img, a, iframe, form, [onload], [onerror]')].map(made => made.outerHTML);
    const tags = [...document.body.querySelectorAll('*')].filter(tag => !tag.closest('svg')).map(tag => tag.localName).join(' ');
    return {ran: typeof window.ran, made, tags};
"""
TAGS = "header main div h1 p p pre code p strong bdi"
# Script and requests put into the page behind its back; the policy's own word on each.
INJECTED = """
    const violated = new Set();
    document.addEventListener('securitypolicyviolation', event => violated.add(event.effectiveDirective));
    const add = (kind, attributes) => document.body.append(Object.assign(document.createElement(kind), attributes));
    add('script', {textContent: 'window.ran = 1'});
    add('img', {src: given[0]});
    add('div', {innerHTML: '<img src=x onerror="window.ran = 1"><p style="color: red">x</p>'});
    fetch(given[0]).catch(() => {});
    add('form', {action: given[0], method: 'post'});
    document.body.querySelector('form').submit();
    document.body.querySelector('div > img').dispatchEvent(new Event('error'));
    await new Promise(done => setTimeout(done, 500));
    return {ran: typeof window.ran, violated: [...violated].sort()};
"""


class Hostile(http.server.BaseHTTPRequestHandler):
    """An empty page at every address."""

    PAGE = b"<!doctype html><title>hostile</title><body>"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self.PAGE)))
        self.end_headers()
        self.wfile.write(self.PAGE)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def hostile_site(port: int = 0):
    """Serves hostile pages; the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hostile)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class UnderAttack(unittest.TestCase):
    def setUp(self):
        self.sandbox = self.enterContext(sandbox.Sandbox())
        self.machine = self.enterContext(machine.Machine(["true"]))
        keys = self.sandbox.profile_keys()
        self.callback = keys["cognito_redirect_uri"]
        self.port = urllib.parse.urlsplit(self.callback).port
        self.machine.write_profile("dev", **keys)
        self.stdout, self.stderr = self.machine.folder / "stdout", self.machine.folder / "stderr"
        self.browser = self.enterContext(webdriver.Browser(RESOLVER))

    def start_sign_in(self):
        """`login` waits for its browser."""
        out, err = (self.enterContext(file.open("w")) for file in (self.stdout, self.stderr))
        self.login = self.machine.start("login", "-vv", "--profile", "dev", stdout=out, stderr=err)
        self.addCleanup(machine.end, self.login)
        self.wait("the tab", lambda: self.machine.tabs() == 1)
        [self.address] = self.machine.addresses()

    def wait(self, what: str, done):
        deadline = time.monotonic() + 30
        while not done():
            self.assertLess(time.monotonic(), deadline, f"waited in vain: {what}\n{self.stderr.read_text()}")
            time.sleep(0.05)

    def ignored(self) -> list:
        """Why the listener turned requests away so far; browsers ask for the tab's icon on their own."""
        lines = self.stderr.read_text().splitlines()
        reasons = [line.partition(IGNORED)[2] for line in lines if IGNORED in line]
        return [reason for reason in reasons if reason != "Path"]

    def sign_in(self, address: str, user: str):
        self.browser.open(address)
        self.browser.type("input[name=username]", user)
        self.browser.type("input[name=password]", sandbox.PASSWORD)
        self.browser.click("button[type=submit]")
        self.wait("the callback", lambda: self.browser.address().startswith(self.callback))

    def assert_the_true_callback_is_taken(self):
        self.assertIsNone(self.login.poll(), self.stderr.read_text())
        self.assertEqual(self.sandbox.credential_requests()["token_code"], 0)
        self.browser.new_tab()
        self.sign_in(self.address, "alice")
        self.wait("the page", lambda: "signed in" in self.browser.text())
        self.assertIn("alice@example.com", self.browser.text())
        self.assertEqual(self.login.wait(30), 0, self.stderr.read_text())
        requests = self.sandbox.credential_requests()
        self.assertEqual({step: requests[step] for step in requests if step != "authorize"}, EXCHANGED)

    def attack_from(self, page: str):
        """Tries everything from a page, one after the other."""
        self.browser.new_tab()
        tab = self.browser.tab()
        for name, (script, learns, reason) in ATTACKS.items():
            with self.subTest(name, page=page):
                self.browser.open(page)
                before = len(self.ignored())
                self.assertEqual(self.browser.run(script, self.callback + FORGED), learns)
                if reason:
                    self.wait(name, lambda: len(self.ignored()) > before)
                    self.assertEqual(set(self.ignored()[before:]), {reason})
                self.assertEqual(set(self.ignored()[before:]) - {NOT_A_TAB, POSTED, OTHER_STATE}, set())
                self.close_all_but(tab)

    def close_all_but(self, tab: str):
        for other in self.browser.tabs():
            if other not in (tab, self.first):
                self.browser.switch(other)
                self.browser.close_tab()
        self.browser.switch(tab)

    def test_a_crowd_of_requests_from_a_page_does_not_keep_the_true_one_out(self):
        self.start_sign_in()
        with hostile_site() as port:
            self.browser.open(f"http://{FOREIGN}:{port}/")
            crowd = """
                for (let n = 0; n < 300; n++) {
                    new WebSocket(given[0].replace('http', 'ws'));
                    new Image().src = given[0] + n;
                    fetch(given[0] + n, {mode: 'no-cors', method: n % 2 ? 'POST' : 'GET'}).catch(() => {});
                }
                return 'sent';
            """
            self.assertEqual(self.browser.run(crowd, self.callback + FORGED), "sent")
            self.wait("some of them", lambda: len(self.ignored()) > 20)
            self.assert_the_true_callback_is_taken()
        self.assertLessEqual(set(self.ignored()), {NOT_A_TAB, POSTED})

    def test_where_a_page_sends_the_tab_itself_nothing_ends_either(self):
        self.start_sign_in()
        forged = {
            "/?error=access_denied&error_description=You+are+hacked&state=wrong": 'Query(StrayError("access_denied: You are hacked"))',
            "/?error=access_denied": 'Query(StrayError("access_denied"))',
            FORGED: OTHER_STATE,
            "/?done=wrong": "Query(Empty)",
        }
        with hostile_site() as port:
            for target, reason in forged.items():
                with self.subTest(target):
                    self.browser.open(f"http://{FOREIGN}:{port}/")
                    before = len(self.ignored())
                    self.browser.run("setTimeout(() => { location = given[0] })", self.callback + target)
                    self.wait("the page", lambda: self.browser.address().startswith(self.callback))
                    self.wait("the page's words", lambda: "part of your sign-in" in self.browser.text())
                    self.assertNotIn("hacked", self.browser.text())
                    self.assertEqual(self.ignored()[before:], [reason])
        self.assert_the_true_callback_is_taken()

    def test_a_code_of_somebody_elses_sign_in_is_not_taken(self):
        """Login CSRF: the page sends the browser through a sign-in that it began itself."""
        self.start_sign_in()
        parts = urllib.parse.urlsplit(self.address)
        query = dict(urllib.parse.parse_qsl(parts.query)) | {"state": "theirs", "nonce": "theirs"}
        theirs = parts._replace(query=urllib.parse.urlencode(query)).geturl()
        self.sign_in(theirs, "dora")
        self.assertIn("part of your sign-in", self.browser.text())
        self.assertIn("code=", self.browser.address())
        self.assertEqual(self.ignored(), [OTHER_STATE])
        # dora's session would answer the person's own request.
        self.browser.open(self.sandbox.url)
        self.browser.forget_cookies()
        self.assert_the_true_callback_is_taken()

    def test_a_page_of_a_name_that_is_rebound_to_us_learns_nothing(self):
        """The page was served at our port before we had it, so that to the browser our answers are of its own origin."""
        with hostile_site(self.port):
            self.browser.open(f"http://{REBOUND}:{self.port}/")
            self.assertEqual(self.browser.run("return await (await fetch('/')).text()"), Hostile.PAGE.decode())
        self.start_sign_in()
        read = "const answer = await fetch(given[0]); return answer.status + await answer.text()"
        for target in (FORGED, "/", "/?done=x", "/?error=access_denied&state=x"):
            self.assertEqual(self.browser.run(read, target), "421Not a name of this listener.\n")
        self.browser.run("setTimeout(() => location.reload())")
        self.wait("the page", lambda: self.browser.text() == "Not a name of this listener.")
        self.assertEqual(set(self.ignored()), {"ForeignHost"})
        self.assert_the_true_callback_is_taken()

    def test_script_in_an_error_description_is_shown_as_words(self):
        self.start_sign_in()
        self.sandbox.fail("authorize", kind="oauth", error="invalid_request", description=SCRIPT)
        with hostile_site() as port:
            self.browser.open(self.address)
            self.wait("the page", lambda: "not signed in" in self.browser.text())
            self.assertFalse(self.browser.has_dialog())
            self.assertEqual(self.browser.title(), "Not signed in · cognito-creds")
            self.assertNotIn("error", self.browser.address())
            self.assertIn("<script>window.ran = 1</script>", self.browser.text())
            self.assertEqual(self.browser.run(MADE), {"ran": "undefined", "made": [], "tags": TAGS})
            # Even script that had got into the page would not run, nor anything be fetched.
            self.assertEqual(
                self.browser.run(INJECTED, f"http://{FOREIGN}:{port}/"),
                {"ran": "undefined", "violated": ["connect-src", "form-action", "img-src", "script-src-attr", "script-src-elem", "style-src-attr"]},
            )
        self.assertEqual(self.login.wait(30), 1)
        self.assertEqual(self.sandbox.credential_requests()["token_code"], 0)
        self.assertNotIn("\x1b", self.stderr.read_text())

    def test_a_hostile_page_reads_nothing_and_ends_nothing(self):
        self.first = self.browser.tab()
        self.start_sign_in()
        with hostile_site() as port:
            # Another site, and one that only the port tells from ours.
            for host in (FOREIGN, "localhost"):
                self.attack_from(f"http://{host}:{port}/")
            self.assert_the_true_callback_is_taken()


EXCHANGED = {step: count for step, count in sandbox.ONE_SIGN_IN.items() if step != "authorize"}

if __name__ == "__main__":
    unittest.main()
