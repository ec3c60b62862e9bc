"""The server that uses a certificate: its own check, its reload, and what it serves."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from rootlet.errors import Environment, Missing
from rootlet.pki import Host, certificate_to_pem, host_text
from rootlet.servers import Listen, Nothing, Run, ServerWriter, Signal, Touch

__all__ = ["Seen", "ServerControl"]

COMMAND_SECONDS = 30.0
"""A server's check and reload take well under a second; a hanging one must not hold the agent."""

HANDSHAKE_SECONDS = 5.0
"""For one connection."""

LOOK_SECONDS = 0.05
"""Pause between two looks at a server that is changing over."""

SETTLE_SECONDS = 0.5
"""How long every handshake has to show a new serial: nginx lets its old workers answer, too, for a
tenth of a second after the new ones have begun."""

MORE_PLACES = "/usr/sbin:/sbin:/usr/local/sbin"
"""Where servers are, but not on the PATH that cron gives."""

SHOWN_CHARACTERS = 300
"""Of what a command printed, the end is enough to know why."""


@dataclass(frozen=True)
class Seen:
    """What a handshake showed."""

    answers: bool
    """Something spoke TLS there."""
    serial: int | None
    """Of the certificate, where it is one that a client of the maker's accepts."""
    reason: str
    """Why there is none."""


@dataclass(frozen=True)
class ServerControl:
    """One server, as far as its certificate goes."""

    writer: ServerWriter
    config: Path | None
    """One that stands alone; None for the system's own."""
    address: Listen
    name: Host
    """Asked for in SNI and looked for in the certificate."""
    root: x509.Certificate
    confirm_seconds: float
    settle_seconds: float = SETTLE_SECONDS

    def check(self) -> None:
        """The server's own check of its configuration; ``Environment`` says what it found."""
        command = self.writer.check_command(self.config or Path(), complete=self._complete)
        if isinstance(command, Run):
            self._run(command.argv, "does not accept its configuration")

    def reload(self) -> None:
        """Make the server take up what is on the disk; ``Environment`` when it cannot."""
        trigger = self.writer.reload_trigger(self.config or Path(), complete=self._complete)
        what = "cannot be told to reload"
        match trigger:
            case Run():
                self._run(trigger.argv, what)
            case Signal() | Touch():
                try:
                    _send(trigger) if isinstance(trigger, Signal) else os.utime(trigger.path)
                except (OSError, ValueError) as error:
                    raise _unwilling(self.writer.name, what, str(error), trigger.text) from error
            case Nothing():
                pass

    @property
    def _complete(self) -> bool:
        return self.config is not None

    def _run(self, argv: tuple[str, ...], what: str) -> None:
        paths = f"{os.environ.get('PATH', os.defpath)}:{MORE_PLACES}"
        program = shutil.which(argv[0], path=paths)
        if program is None:
            raise Missing(f"{argv[0]} is not installed", hint=f"install it: {self.writer.package}")
        try:
            done = subprocess.run(
                [program, *argv[1:]],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _unwilling(self.writer.name, what, str(error), shlex.join(argv)) from error
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace")
            raise _unwilling(self.writer.name, what, said, shlex.join(argv))

    def look(self) -> Seen:
        """One fresh handshake, checked against the maker's root as a client would."""
        context = ssl.create_default_context(cadata=certificate_to_pem(self.root).decode())
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        place = (self.address.host, self.address.port)
        try:
            with (
                socket.create_connection(place, HANDSHAKE_SECONDS) as connection,
                context.wrap_socket(connection, server_hostname=host_text(self.name)) as secured,
            ):
                der = secured.getpeercert(binary_form=True)
        except ssl.SSLCertVerificationError as error:
            return Seen(True, None, f"its certificate is not accepted: {error.verify_message}")
        except ssl.SSLError as error:
            return Seen(True, None, f"the handshake failed: {error.reason or error}")
        except OSError as error:
            return Seen(False, None, f"nothing answers there: {error.strerror or error}")
        if der is None:
            return Seen(True, None, "it showed no certificate")
        return Seen(True, x509.load_der_x509_certificate(der).serial_number, "")

    def confirm(self, serial: int) -> None:
        """Wait until fresh handshakes show ``serial``; ``Environment`` says what they show."""
        deadline = time.monotonic() + self.confirm_seconds
        since: float | None = None
        while True:
            seen, now = self.look(), time.monotonic()
            if seen.serial != serial:
                since = None
                if now >= deadline:
                    raise self._not_served(serial, seen)
            elif since is None:
                since = now
            if since is not None and now - since >= self.settle_seconds:
                return
            time.sleep(LOOK_SECONDS)

    def _not_served(self, serial: int, seen: Seen) -> Environment:
        shown = seen.reason or f"it serves serial {seen.serial:x}"
        return Environment(
            f"{self.address} does not serve serial {serial:x} within "
            f"{self.confirm_seconds:g} s: {shown}",
            hint="look into the server's error log, and whether address and the server's "
            "configuration name the same port and folder",
            status="not-served" if seen.answers else "not-answered",
        )


def _send(trigger: Signal) -> None:
    """Signal the server; ``ValueError`` when its process number is another program's by now."""
    pid = int(trigger.pid_file.read_text(encoding="ascii"))
    name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    if name != trigger.program:
        raise ValueError(f"process {pid} is {name}, not {trigger.program}")
    os.kill(pid, signal.Signals[f"SIG{trigger.signal}"])


def _unwilling(name: str, what: str, said: str, command: str) -> Environment:
    text = " ".join(said.split())[-SHOWN_CHARACTERS:]
    return Environment(
        f"{name} {what}: {text}",
        hint=f"see what it says, mend it: {command}",
        status="server-command",
    )
