"""The issuing CA of a service that runs: after a rotation or renewal, that which is there then."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from rootlet.ca.authority import Authority
from rootlet.ca.issuers_store import Issuers

__all__ = ["Present"]


class Present:
    """Gives the authority to issue with. Whether its files are others than before is looked at each
    time: a service that is asked for a certificate has more to do than that."""

    def __init__(self, issuers: Issuers, authority: Authority, now: datetime) -> None:
        self._issuers = issuers
        self._lock = threading.Lock()
        self._stamp = issuers.stamp()
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
        stamp = self._issuers.stamp()
        if stamp == self._stamp:
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
