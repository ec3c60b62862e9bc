"""Handshakes by OpenSSL's own client: independent of the device's code, installed everywhere."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rootlet.errors import Environment, Missing
from rootlet.servers.checkup.offer import Offer, Request
from rootlet.servers.checkup.transcript import Transcript, read_transcript
from rootlet.servers.interface import Listen

__all__ = ["SClient"]

PAUSE_SECONDS = 0.01
"""Between two handshakes: one at a time, at most a hundred a second, on a server that is in use."""

SETTLE_SECONDS = 0.3
"""How long a server that says nothing is listened to: an alert about a certificate comes after the
handshake (RFC 9846 section 4.5.2), within a round trip."""

UNREACHED = (
    *("Connection refused", "Connection timed out", "No route to host", "Network is unreachable"),
    *("Name or service not known", "Temporary failure in name resolution", "not known"),
)
SAID_CHARACTERS = 200

MQTT_CONNECT = bytes.fromhex("101000044d5154540402000a0004726f6f74")
"""MQTT 3.1.1 section 3.1: level 4, a clean session, 10 s of keep alive, client "root"."""

MQTT_DISCONNECT = bytes.fromhex("e000")

ENVIRONMENT = {"OPENSSL_CONF": "/dev/null", "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
"""What is offered is what the command says, whatever this machine's OpenSSL is configured to."""


@dataclass(frozen=True)
class _Ended:
    """What a client left."""

    answer: bytes
    said: str
    late: bool
    """It had to be ended."""


@dataclass(frozen=True)
class SClient:
    """Where, and how patiently."""

    address: Listen
    host: str
    """What is asked for in HTTP."""
    timeout: float
    """Seconds for one handshake and its answer."""

    def __call__(self, offer: Offer) -> Transcript:
        """One handshake; ``Environment`` when nothing can be reached."""
        program = shutil.which("openssl")
        if program is None:
            raise Missing("openssl is not installed", hint="apt-get install -y openssl")
        time.sleep(PAUSE_SECONDS)
        with tempfile.TemporaryDirectory(prefix="rootlet-check-") as folder:
            messages = Path(folder) / "messages"
            ended = self._run([program, *offer.argv(self.address, str(messages))[1:]], offer)
            text = messages.read_text(encoding="ascii") if messages.exists() else ""
        seen = read_transcript(text, ended.answer)
        if ended.late and seen.hello is None:
            raise Environment(
                f"{self.address} did not answer within {self.timeout:g} s",
                hint="check that the server runs, or give --timeout",
            )
        if not seen.sent:
            seen.trouble = self._unreached(ended.said)
        return seen

    def _run(self, argv: list[str], offer: Offer) -> _Ended:
        pipe = subprocess.PIPE
        with subprocess.Popen(
            argv, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT
        ) as client:
            assert client.stdin is not None
            with suppress(BrokenPipeError):
                client.stdin.write(self._request(offer))
                client.stdin.flush()
            if offer.request is Request.NONE:
                with suppress(subprocess.TimeoutExpired):
                    client.wait(SETTLE_SECONDS)
            late = False
            try:
                answer, said = client.communicate(timeout=self.timeout)
            except subprocess.TimeoutExpired:
                late = True
                client.terminate()
                answer, said = client.communicate()
        return _Ended(answer, said.decode("utf-8", "replace"), late)

    def _request(self, offer: Offer) -> bytes:
        if offer.request is Request.HTTP:
            lines = ("GET / HTTP/1.1", f"Host: {self.host}", "User-Agent: rootlet-check")
            return "\r\n".join([*lines, "Connection: close", "", ""]).encode()
        return MQTT_CONNECT + MQTT_DISCONNECT if offer.request is Request.MQTT else b""

    def _unreached(self, said: str) -> str:
        """What kept this machine's OpenSSL from making the offer."""
        for word in UNREACHED:
            if word.lower() in said.lower():
                raise Environment(
                    f"cannot talk to {self.address}: {word}",
                    hint="check address and port, and that the server runs",
                )
        return (said.strip().splitlines() or ["no answer"])[-1][:SAID_CHARACTERS]
