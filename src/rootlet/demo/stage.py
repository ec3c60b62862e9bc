"""Everything the demo needs, made and started: a maker, its servers, and those who lie."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rootlet.demo.outsider import API_KEY, NAME, write_outsider
from rootlet.demo.processes import Processes, free_port, rootlet, tool
from rootlet.files import write_atomic
from rootlet.pki import (
    SERIAL_BYTES,
    Validity,
    certificate_from_pem,
    certificates_from_pem,
    chain_to_pem,
    generate_key,
    issue_server,
    key_from_pem,
    key_to_pem,
    new_serial,
)
from rootlet.profile import load_profile

__all__ = ["API", "FORBIDDEN_DEVICE", "GATEWAY", "SENSOR", "Stage"]

API, GATEWAY, OTHER = "api.demo.test", "gateway.demo.test", "other.demo.test"
SENSOR, FORBIDDEN_DEVICE = "sensor-1", "camera-1"
TIME_RADIUS = "3"
"""Seconds. The demo gives its word for this machine's clock, which may well be a container's."""

TIME_SERVERS = ("time-a", "time-b", "time-c")

MAKER_SETTINGS = """
[gateway]
listen = "127.0.0.1:{port}"
name = "{gateway}"

[gateway.groups]
sensors = ["sensor-*"]

[[gateway.routes]]
alias = "weather"
upstream = "https://{outsider}:{outsider_port}/v1"
methods = ["GET"]
devices = ["@sensors"]
roots = "{ca}"
allow_private = true   # the demo's outside world is this machine

[gateway.routes.secret_headers]
Authorization = "weather-key"

# Of an answer of a kilobyte the device gets three fields, and never more than 100 bytes.
[gateway.routes.answer]
max_bytes = 100
[gateway.routes.answer.select]
city = "/location/city"
celsius = "/now/0/celsius"
asked_by = "/asked_by"
"""

BAD_SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols {protocols};
        {more}
        location / {{ return 200 "a device must never read this"; }}
    }}
"""

BAD_SERVERS = """\
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""


@dataclass
class Stage:
    """The demo's folder and what runs in it."""

    folder: Path
    say: Callable[[str], None]
    """Told what is being done."""
    ports: dict[str, int] = field(default_factory=dict)
    """Port of each server, by name."""
    keys: dict[str, str] = field(default_factory=dict)
    """Long-term key of each Roughtime server, base64."""

    def __post_init__(self) -> None:
        """Name the folders; nothing is made yet."""
        self.processes = Processes(self.folder / "logs")
        self.maker = self.folder / "maker"
        self.rival = self.folder / "rival"

    def address(self, name: str) -> str:
        """host:port of a server."""
        return f"127.0.0.1:{self.ports[name]}"

    def build(self) -> None:
        """Make both makers and every file; nothing runs yet."""
        self.say("a maker: root and issuing CA, certificates for two servers and two devices")
        self._make_maker(self.maker, "Demo Maker", (API, GATEWAY, OTHER))
        self._configure()
        for name in (API, GATEWAY, OTHER):
            rootlet("ca", "issue", "server", name, "--maker", str(self.maker), "--offline")
        for device in (SENSOR, FORBIDDEN_DEVICE):
            self._device_files(self.maker, device)
        self.say("a rival: another maker, with a CA of its own and the same names")
        self._make_maker(self.rival, "Rival Maker", (API,))
        rootlet("ca", "issue", "server", API, "--maker", str(self.rival))
        self._device_files(self.rival, SENSOR)

    def _make_maker(self, folder: Path, name: str, servers: tuple[str, ...]) -> None:
        passphrase = self.folder / f"{folder.name}.passphrase"
        write_atomic(passphrase, secrets.token_hex(16).encode() + b"\n", private=True)
        names = [word for server in servers for word in ("--server-name", server)]
        rootlet("init", str(folder), "--name", name, *names)
        rootlet("ca", "init", "--maker", str(folder), "--passphrase-file", str(passphrase))

    def _configure(self) -> None:
        """Choose ports, make time keys, and write the rest of rootlet.toml."""
        for name in ("api", "gateway", "outsider"):
            self.ports[name] = free_port()
        settings = ""
        for name in TIME_SERVERS:
            self.ports[name] = free_port(socket.SOCK_DGRAM)
            made = json.loads(rootlet("time", "keygen", name, "--maker", str(self.maker), "--json"))
            self.keys[name] = made["public_key"]
            settings += (
                f'\n[[time.servers]]\nname = "{name}"\naddress = "{self.address(name)}"\n'
                f'public_key = "{self.keys[name]}"\n'
            )
        write_outsider(self.folder / "outsider", self.ports["outsider"])
        settings += MAKER_SETTINGS.format(
            port=self.ports["gateway"],
            gateway=GATEWAY,
            outsider=NAME,
            outsider_port=self.ports["outsider"],
            ca=self.folder / "outsider" / "ca.pem",
        )
        path = self.maker / "rootlet.toml"
        text = path.read_text(encoding="utf-8") + settings
        write_atomic(path, text.encode(), private=False)
        secret = f"Bearer {API_KEY}\n".encode()
        write_atomic(self.maker / "secrets" / "weather-key", secret, private=True)

    def _device_files(self, maker: Path, device: str) -> None:
        """Issue for a device, and put certificate and key into the form its program reads."""
        # The Roughtime servers are not started yet.
        rootlet("ca", "issue", "device", device, "--maker", str(maker), "--offline")
        issued = maker / "issued" / "devices" / device
        leaf = certificates_from_pem((issued / "cert.pem").read_bytes(), what=device)[0]
        key = load_pem_private_key((issued / "key.pem").read_bytes(), None)
        raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        place = self.device_folder(maker, device)
        write_atomic(place / "cert.der", leaf.public_bytes(Encoding.DER), private=False)
        write_atomic(place / "key.raw", raw, private=True)

    def device_folder(self, maker: Path, device: str) -> Path:
        """Where a device's cert.der and key.raw are."""
        return self.folder / "devices" / maker.name / device

    def identity(self, device: str, *, maker: Path | None = None) -> list[str]:
        """The device program's options for an identity."""
        place = self.device_folder(maker or self.maker, device)
        return ["--identity", str(place / "cert.der"), str(place / "key.raw")]

    def start(self) -> None:
        """Start every server and wait until each answers."""
        self.say("three Roughtime servers, each with a key of its own")
        python = [sys.executable, "-m", "rootlet"]
        for name in TIME_SERVERS:
            key = str(self.maker / "time" / f"{name}.key")
            # Nothing is wrong on purpose here but what the story tells of.
            command = [*python, "time", "serve", "--key", key, "--listen", self.address(name)]
            command += ["--grease", "0"]
            command += ["--radius", TIME_RADIUS]
            self.processes.start_printing(name, command, self.address(name))
        self.say("nginx as the maker's API, held to the profile")
        self._start_api()
        self.say("nginx as someone else's service, with a P-256 certificate of an unrelated CA")
        outsider = self.folder / "outsider" / "nginx.conf"
        self._start_nginx("outsider", outsider, self.ports["outsider"])
        self.say("the gateway")
        command = [*python, "gateway", "serve", "--maker", str(self.maker)]
        self.processes.start_tcp("gateway", command, self.ports["gateway"])
        self.say("five servers that a device must refuse")
        self._start_bad_servers()

    def _start_api(self) -> None:
        pages = self.folder / "www"
        pages.mkdir(exist_ok=True)
        (pages / "hello").write_text("hello, device", encoding="ascii")
        if os.geteuid() == 0:  # nginx serves files as an unprivileged user
            for folder in (self.folder, pages):
                folder.chmod(0o755)
        configuration = self.maker / "nginx.conf"
        rootlet(
            *("server", "config", "nginx", "--maker", str(self.maker), "--name", API),
            *("--listen", self.address("api"), "--client-auth", "required"),
            *("--root-dir", str(pages), "--standalone", "--out", str(configuration)),
        )
        self._start_nginx("api", configuration, self.ports["api"])

    def _start_nginx(self, name: str, configuration: Path, port: int) -> None:
        command = [tool("nginx", "nginx"), "-c", str(configuration), "-e", "stderr"]
        self.processes.start_tcp(name, [*command, "-g", "daemon off;"], port)

    def reload_api(self) -> None:
        """Tell the maker's nginx to take up a new certificate."""
        self.processes.signal("api", signal.SIGHUP)

    def _start_bad_servers(self) -> None:
        issued = self.maker / "issued" / "servers"
        good = issued / API
        suite = "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;"
        settings = {
            "rival": (self.rival / "issued" / "servers" / API, "TLSv1.3", ""),
            "expired": (self._expired(), "TLSv1.3", ""),
            "other-name": (issued / OTHER, "TLSv1.3", ""),
            "old-version": (good, "TLSv1.2", ""),
            "other-suite": (good, "TLSv1.3", suite),
        }
        servers = ""
        for name, (pair, protocols, more) in settings.items():
            self.ports[name] = free_port()
            servers += BAD_SERVER.format(
                port=self.ports[name],
                certificate=pair / "cert.pem",
                key=pair / "key.pem",
                protocols=protocols,
                more=more,
            )
        folder = self.folder / "bad"
        text = BAD_SERVERS.format(folder=folder, servers=servers)
        write_atomic(folder / "nginx.conf", text.encode(), private=False)
        self._start_nginx("bad", folder / "nginx.conf", self.ports["other-suite"])

    def _expired(self) -> Path:
        """A certificate of the maker's own CA that ended yesterday."""
        profile = load_profile("c25519")
        ca = self.maker / "ca"
        issuing = certificate_from_pem((ca / "issuing.pem").read_bytes(), what="the issuing CA")
        pem = (ca / "issuing.key").read_bytes()
        issuing_key = key_from_pem(pem, None, profile=profile, what="the issuing CA's key")
        key = generate_key(profile)
        end = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        leaf = issue_server(
            key.public_key(),
            [API],
            Validity(end - timedelta(days=2), end),
            new_serial(secrets.token_bytes(SERIAL_BYTES)),
            issuing=issuing,
            issuing_key=issuing_key,
        )
        place = self.folder / "expired"
        chain = [x509.load_der_x509_certificate(leaf), issuing]
        write_atomic(place / "cert.pem", chain_to_pem(chain), private=False)
        write_atomic(place / "key.pem", key_to_pem(key), private=True)
        return place

    def stop(self) -> None:
        """Stop every server."""
        self.processes.stop()
