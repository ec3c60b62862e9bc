"""What systemd wants to be told (sd_notify(3)): a datagram to the socket that it names."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

__all__ = ["notify", "watchdog_seconds"]


def notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Tell the service manager, where there is one; nobody listening is no error."""
    path = environment.get("NOTIFY_SOCKET", "")
    if path[:1] not in {"/", "@"}:
        return
    address = "\0" + path[1:] if path[0] == "@" else path
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
    ):
        sender.connect(address)
        sender.send(state.encode())


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """How often WATCHDOG=1 has to be sent at least; None where nobody waits for it."""
    text = environment.get("WATCHDOG_USEC", "")
    process = environment.get("WATCHDOG_PID", "")
    if not text.isdecimal() or int(text) == 0 or process not in {"", str(os.getpid())}:
        return None
    return int(text) / 1e6
