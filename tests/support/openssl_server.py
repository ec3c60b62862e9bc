"""A web server of a few lines that leaves TLS to OPENSSL_CONF: port, pair, clients, auth."""

from __future__ import annotations

import signal
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hello(BaseHTTPRequestHandler):
    """Answers everybody the same."""

    wbufsize = -1  # head and body at once

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """The handshake happens in the connection's thread."""

    context: ssl.SSLContext
    daemon_threads = True

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            secured = self.context.wrap_socket(request, server_side=True)
            super().finish_request(secured, client_address)
            secured.unwrap()
        except OSError:
            pass


def main(port: str, certificate: str, key: str, clients: str, auth: str) -> None:
    """HUP reads the pair again."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # Python sets 1.2, whatever OPENSSL_CONF says
    context.load_cert_chain(certificate, key)
    if auth != "off":
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED if auth == "required" else ssl.CERT_OPTIONAL
    with Server(("127.0.0.1", int(port)), Hello) as server:
        server.context = context
        signal.signal(signal.SIGHUP, lambda *_: context.load_cert_chain(certificate, key))
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
