"""The CA's own files in a maker's folder: issuing CAs, present and past, and the roots above them.

    root/                          roots and their keys, see rootlet.ca.root_keys_store: to be
                                   carried away, needed for ceremonies only
    ca/root.pem  ca/successor.pem  copies that stay online
    ca/issuing.pem                 the issuing CA that new certificates come from
    ca/issuing.key                 0600
    ca/old/N/                      issuing.pem, issuing.key, root.pem of the issuing CA number N,
                                   after another took its place: it signs its CRL to the end
    ca/clients.pem                 every issuing CA that has not ended, then the roots above: what
                                   servers check device certificates with, so that devices send
                                   one only
    ca/crl.pem                     the CRLs of all of them, once rootlet ca crl was run
    ca/crl/KIND-N.crl              each of them alone, DER
    ca/ceremonies/                 records of what was done with the roots' keys
    ca/ca.sqlite                   the record of certificates

Each file is replaced whole, in an order in which every state between two is one to go on from:
the past is written before the present, and a key is told by its certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from rootlet.errors import Environment, Refused, State
from rootlet.files import file_stamp, read_bytes, write_atomic
from rootlet.maker import Maker
from rootlet.pki import (
    Kind,
    PrivateKey,
    ca_number,
    certificate_from_pem,
    certificate_to_pem,
    chain_to_pem,
    key_from_pem,
    key_to_pem,
)

__all__ = [
    "CEREMONIES",
    "CLIENTS",
    "CRL",
    "ROOT_COPY",
    "SUCCESSOR_COPY",
    "Issuer",
    "Issuers",
    "clients_path",
    "crl_file",
    "crl_path",
    "folder_errors",
    "root_path",
    "successor_path",
]

ROOT_COPY = Path("ca/root.pem")
SUCCESSOR_COPY = Path("ca/successor.pem")
ISSUING = Path("ca/issuing.pem")
ISSUING_KEY = Path("ca/issuing.key")
CLIENTS = Path("ca/clients.pem")
CRL = Path("ca/crl.pem")
CEREMONIES = Path("ca/ceremonies")
OLD = Path("ca/old")


def root_path(folder: Path) -> Path:
    """The root's certificate."""
    return folder / ROOT_COPY


def successor_path(folder: Path) -> Path:
    """The certificate of the root after it; makers of earlier versions have none."""
    return folder / SUCCESSOR_COPY


def clients_path(folder: Path) -> Path:
    """What a server checks device certificates with."""
    return folder / CLIENTS


def crl_path(folder: Path) -> Path:
    """The CRLs that go with it, once there are some."""
    return folder / CRL


@dataclass(frozen=True)
class Issuer:
    """An issuing CA of the maker's."""

    issuing: x509.Certificate
    root: x509.Certificate
    """That signed it."""

    @property
    def number(self) -> int:
        """Counted from 1."""
        return ca_number(self.issuing.subject)


class Issuers:
    """The issuing CAs in a maker's folder."""

    def __init__(self, maker: Maker) -> None:
        self._maker, self._folder = maker, maker.folder
        self._present = [self._folder / place for place in (ISSUING, ROOT_COPY)]
        self._old = self._folder / OLD

    def require(self) -> None:
        """``State`` when there is no CA."""
        if not (self._folder / "ca").is_dir():
            raise State(f"there is no CA in {self._folder}", hint="make one with: rootlet ca init")

    def present(self) -> Issuer:
        """The one that new certificates come from."""
        root, issuing = self.read(ROOT_COPY), self.read(ISSUING)
        if _signed_by(issuing, root):
            return Issuer(issuing, root)
        # The root was being replaced when something stopped it: its successor or the one before.
        places = [SUCCESSOR_COPY, *(OLD / name / "root.pem" for name in self._old_names())]
        for place in places:
            if (self._folder / place).exists() and _signed_by(issuing, other := self.read(place)):
                return Issuer(issuing, other)
        return Issuer(issuing, root)  # that they do not fit is found and said when it is used

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Another as soon as another file is in the place of one that ``current`` reads."""
        old = (self._old / name / "issuing.pem" for name in self._old_names())
        return tuple(map(file_stamp, (*self._present, *old)))

    def old(self) -> tuple[Issuer, ...]:
        """Those whose place another took, newest first."""
        present = self.read(ISSUING)
        found = [
            Issuer(self.read(OLD / name / "issuing.pem"), self.read(OLD / name / "root.pem"))
            for name in self._old_names()
            if (self._folder / OLD / name / "root.pem").exists()
        ]
        others = [each for each in found if each.issuing.public_key() != present.public_key()]
        return tuple(sorted(others, key=lambda each: each.number, reverse=True))

    def current(self, now: datetime) -> tuple[Issuer, ...]:
        """The present one, and those before it that have not ended."""
        living = (each for each in self.old() if now <= each.issuing.not_valid_after_utc)
        return (self.present(), *living)

    def key(self, issuer: Issuer) -> PrivateKey:
        """The private key of an issuing CA."""
        path = self._folder / ISSUING_KEY
        pem = read_bytes(path, what="the issuing CA's key")
        places = [path, *(self._folder / OLD / name / "issuing.key" for name in self._old_names())]
        for place in places:
            if place != path:
                if not place.exists():
                    continue
                pem = read_bytes(place, what="the issuing CA's key")
            key = key_from_pem(pem, None, profile=self._maker.profile, what=str(place))
            if key.public_key() == issuer.issuing.public_key():
                return key
        raise State(
            f"{path} is not the key of {self._folder / ISSUING}",
            hint="restore both from the same backup",
        )

    def successor(self) -> x509.Certificate | None:
        """The root after the present one, where one was made."""
        there = (self._folder / SUCCESSOR_COPY).exists()
        return self.read(SUCCESSOR_COPY) if there else None

    def put(self, issuer: Issuer, key: PrivateKey | None) -> None:
        """Let new certificates come from another issuing CA; the one before is kept.

        Without a key it is the present one's, with a new certificate.
        """
        if key is not None:
            self.set_aside(self.present())
            private = self._folder / ISSUING_KEY
            write_atomic(private, key_to_pem(key), private=True)
        issuing = certificate_to_pem(issuer.issuing)
        write_atomic(self._folder / ISSUING, issuing, private=False)
        root = certificate_to_pem(issuer.root)
        write_atomic(self._folder / ROOT_COPY, root, private=False)

    def found(self, issuer: Issuer, key: PrivateKey) -> None:
        """The first issuing CA of a folder that had none."""
        write_atomic(self._folder / ISSUING_KEY, key_to_pem(key), private=True)
        self.put(issuer, None)

    def replace_old(self, issuer: Issuer) -> None:
        """A new certificate for the key of an issuing CA whose place another took."""
        place = OLD / str(issuer.number)
        issuing, root = certificate_to_pem(issuer.issuing), certificate_to_pem(issuer.root)
        write_atomic(self._folder / place / "issuing.pem", issuing, private=False)
        write_atomic(self._folder / place / "root.pem", root, private=False)

    def set_aside(self, issuer: Issuer) -> None:
        """Keep an issuing CA among the old ones, whatever was kept of it there before."""
        place = self._folder / OLD / str(issuer.number)
        key = key_to_pem(self.key(issuer))
        write_atomic(place / "issuing.key", key, private=True)
        issuing, root = certificate_to_pem(issuer.issuing), certificate_to_pem(issuer.root)
        write_atomic(place / "issuing.pem", issuing, private=False)
        write_atomic(place / "root.pem", root, private=False)

    def write_clients(self, now: datetime) -> None:
        """What servers check device certificates with, as it is to be now."""
        issuers = self.current(now)
        chain = [each.issuing for each in issuers]
        for each in issuers:
            if each.root not in chain:
                chain.append(each.root)
        write_atomic(self._folder / CLIENTS, chain_to_pem(chain), private=False)

    def read(self, path: Path) -> x509.Certificate:
        """One of the CA's certificates, by its path in the maker's folder."""
        where = self._folder / path
        pem = read_bytes(where, what="the CA's certificate")
        try:
            return certificate_from_pem(pem, what=str(where))
        except Refused as error:
            raise State(error.message, hint="restore it from your backup") from error

    def _old_names(self) -> list[str]:
        try:
            names = [path.name for path in self._old.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Environment(
                f"cannot look into {self._old}: {error.strerror}", hint="check its permissions"
            ) from error
        return sorted((name for name in names if name.isdigit()), key=int, reverse=True)


def crl_file(kind: Kind, number: int) -> Path:
    """Where the CRL of one CA is, in a maker's folder."""
    return Path(f"ca/crl/{kind.value}-{number}.crl")


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """What the machine says of a folder, in words that say what to do next."""
    try:
        yield
    except OSError as error:
        raise Environment(
            f"cannot write in {folder}: {error.strerror}",
            hint="make room or fix the permissions, then run the command again; "
            "what was there before is unchanged",
        ) from error
