"""The issuing CA of a service that runs: after a rotation or renewal, that which is there then."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from rootlet.ca.authority import Authority
from rootlet.ca.issuers_store import Issuers

__all__ = ["Present"]


LOOK_SECONDS = 0.25
"""How long what was there is taken to be there still."""


class Present:
    """Gives the authority to issue with, which a ceremony may replace at any time."""

    def __init__(self, issuers: Issuers, authority: Authority, now: datetime) -> None:
        self._issuers = issuers
        self._lock = threading.Lock()
        self._stamp, self._until = issuers.stamp(), 0.0
        self._authority = authority
        self._chain = self._read_chain(now)

    def authority(self, now: datetime) -> Authority:
        """As it is now. ``State`` or ``Environment`` while its files do not fit each other."""
        self._follow(now)
        return self._authority

    def chain(self, now: datetime) -> tuple[x509.Certificate, ...]:
        """The issuing CA, and those before it whose certificates may still live."""
        self._follow(now)
        return self._chain

    def _follow(self, now: datetime) -> None:
        if time.monotonic() < self._until:
            return
        stamp = self._issuers.stamp()
        if stamp == self._stamp:
            self._until = time.monotonic() + LOOK_SECONDS
            return
        with self._lock:
            present = self._issuers.present()
            key = self._issuers.key(present)
            self._authority = replace(
                self._authority, root=present.root, issuing=present.issuing, issuing_key=key
            )
            self._chain = self._read_chain(now)
            self._stamp = stamp

    def _read_chain(self, now: datetime) -> tuple[x509.Certificate, ...]:
        return tuple(each.issuing for each in self._issuers.current(now))
