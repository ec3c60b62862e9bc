"""A real nginx with the configuration that rootlet writes, and openssl's client to talk to it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from cryptography import x509

from rootlet.ca import clients_path, crl_path, issued_folder, root_path
from rootlet.maker import Maker
from rootlet.pki import Kind
from rootlet.profile import Profile, load_profile
from rootlet.servers import ClientAuth, Listen, Nginx, ServerSettings
from rootlet.servers.words import openssl_words
from support.processes import LOOPBACK, free_port, tool

__all__ = ["NAME", "Echo", "Live", "run", "settings_for", "started"]

NAME = "api.example.test"


def settings_for(
    maker: Path,
    profile: str,
    auth: ClientAuth,
    *,
    port: int = 8443,
    proxy_to: str | None = None,
    complete: bool = False,
    user: str | None = None,
) -> ServerSettings:
    pair = issued_folder(maker, Kind.SERVER, NAME)
    return ServerSettings(
        profile=load_profile(profile),
        name=NAME,
        listen=Listen(LOOPBACK, port),
        certificate=pair / "cert.pem",
        key=pair / "key.pem",
        clients=clients_path(maker),
        client_auth=auth,
        crl=crl_path(maker) if crl_path(maker).exists() else None,
        proxy_to=proxy_to,
        root_dir=None if proxy_to else maker / "www",
        config=maker / "nginx.conf" if complete else None,
        state=maker / "run" / f"nginx-{NAME}" if complete else None,
        user=user,
    )


def run(argv: tuple[str, ...] | list[str]) -> subprocess.CompletedProcess[str]:
    program = tool(argv[0], argv[0])
    return subprocess.run([program, *argv[1:]], capture_output=True, text=True, check=False)


class Echo(BaseHTTPRequestHandler):
    """An application that says who it was told is asking."""

    wbufsize = -1  # head and body at once: in two writes they wait for each other's ACK, 40 ms

    def do_GET(self) -> None:
        body = f"device={self.headers.get_all('Rootlet-Device')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Live:
    """An nginx of a maker's, in front of the application."""

    maker: Maker
    port: int
    config: Path

    @property
    def profile(self) -> Profile:
        return self.maker.profile

    def ask(self, *options: object, identity: Path | None = None) -> str:
        """One request with openssl's client; what it printed and was answered."""
        words = openssl_words(self.profile)
        command = ["openssl", "s_client", "-connect", f"{LOOPBACK}:{self.port}", "-ign_eof"]
        command += ["-CAfile", str(root_path(self.maker.folder)), "-verify_return_error"]
        command += ["-verify_hostname", NAME, "-msg"]
        if "-tls1_2" not in options:
            command += ["-tls1_3"]
        if "-ciphersuites" not in options:
            command += ["-ciphersuites", words.suite]
        if "-groups" not in options:
            command += ["-groups", words.group]
        if identity is not None:
            command += ["-cert", str(identity / "cert.pem"), "-key", str(identity / "key.pem")]
        command += [str(option) for option in options]
        request = f"GET / HTTP/1.1\r\nHost: {NAME}\r\nRootlet-Device: someone-else\r\n"
        request += "Connection: close\r\n\r\n"
        done = subprocess.run(
            command, input=request, capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout + done.stderr

    def reload(self) -> None:
        """Tell it to take up new files."""
        done = run(Nginx().reload_trigger(self.config, complete=True).argv)
        assert done.returncode == 0, done.stderr

    def serial(self) -> int:
        printed = self.ask("-showcerts")
        pem = printed[printed.index("-----BEGIN") :]
        return x509.load_pem_x509_certificate(pem.encode()).serial_number


@contextmanager
def started(maker: Maker, application: str, auth: ClientAuth) -> Iterator[Live]:
    """An nginx of the maker's, started and stopped; it checks CRLs where there are some."""
    port = free_port()
    settings = settings_for(
        maker.folder, maker.profile.name, auth, port=port, proxy_to=application, complete=True
    )
    assert settings.state is not None
    settings.state.mkdir(parents=True)
    config = maker.folder / "nginx.conf"
    config.write_text(Nginx().config(settings), encoding="utf-8")
    done = run(Nginx().start_command(config, complete=True).argv)
    assert done.returncode == 0, done.stderr
    try:
        yield Live(maker, port, config)
    finally:
        done = run(Nginx().stop_trigger(config, complete=True).argv)
    assert done.returncode == 0, done.stderr
