"""Serves releases for the tests of install.sh, and goes wrong on demand.

    server.py FOLDER    FOLDER/key.pem is the key and certificate of the https server

Writes `HTTP_PORT HTTPS_PORT` to FOLDER/ports once it serves. The first part of an address says what happens:

    /WORD/...       FOLDER/WORD/... where none of these is meant
    /short/...      half of the archive, then the connection is closed
    /stalled/...    half of the archive, then nothing; FOLDER/stalling tells that it is so
    /portal/...     a web page, whatever was asked for
    /to-http/...    leads to http, /to-https/... to https; there /good/... is meant
"""

import contextlib
import http.server
import ssl
import sys
import threading
from pathlib import Path

FOLDER = Path(sys.argv[1])
PORTAL = b"<!DOCTYPE html><html><body>Welcome to the hotel. Please sign in.</body></html>\n"
PORTS = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, word, rest = self.path.split("/", 2)
        if word in ("to-http", "to-https"):
            scheme = word.removeprefix("to-")
            self.send_response(302)
            self.send_header("Location", f"{scheme}://127.0.0.1:{PORTS[scheme]}/good/{rest}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        file = FOLDER / ("good" if word in ("short", "stalled") else word) / rest
        if word == "portal":
            body = PORTAL
        elif file.is_file():
            body = file.read_bytes()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if word in ("short", "stalled") and rest.endswith(".tar.gz"):
            body = body[: len(body) // 2]
        self.wfile.write(body)
        if word == "stalled" and rest.endswith(".tar.gz"):
            self.wfile.flush()
            (FOLDER / "stalling").touch()
            # Until the other side goes away.
            with contextlib.suppress(ConnectionError):
                self.rfile.read(1)

    def log_message(self, *_):
        with (FOLDER / "requests").open("a") as log:
            log.write(f"{self.path}\n")


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "key.pem")
    for scheme in ("http", "https"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if scheme == "https":
            server.socket = context.wrap_socket(server.socket, server_side=True)
        PORTS[scheme] = server.server_address[1]
        threading.Thread(target=server.serve_forever).start()
    (FOLDER / "ports.new").write_text(f"{PORTS['http']} {PORTS['https']}\n")
    (FOLDER / "ports.new").rename(FOLDER / "ports")


main()
