"""Where the private keys of roots are: encrypted files in a folder, or a token beside it.

    root.pem  successor.pem    certificates
    root.key  successor.key    their keys, PKCS#8 encrypted with one passphrase
    root.uri  successor.uri    instead of those: an RFC 7512 address of the key in a token
    old/N/root.pem .key .uri   roots before
    ceremonies/                the records, as in the maker's ca/ceremonies

A key is found by its certificate and never by the name of its file, so a ceremony that was cut
off half-way leaves nothing that cannot be found. A folder with root.pem and root.key alone is
complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509

from rootlet.ca.token_store import OpenToken, Token, open_token
from rootlet.errors import Environment, State
from rootlet.files import read_bytes
from rootlet.pki import (
    KeySealer,
    PrivateKey,
    certificate_from_pem,
    generate_key,
    key_from_pem,
    key_identifier,
    require_profile_key,
)
from rootlet.profile import Profile

__all__ = ["RootAccess", "RootFolder"]


@dataclass(frozen=True)
class RootAccess:
    """How to get at root keys; each secret is asked for when it is needed, and once."""

    passphrase: Callable[[], bytes]
    pin: Callable[[], str]
    module: Path | None = None
    """The token's PKCS#11 module on this machine; None for the one that the address names."""
    token: Token | None = None
    """Where new keys are made; None for wherever the present root's key is."""

    @classmethod
    def by_passphrase(cls, passphrase: bytes) -> Self:
        """Encrypted files only."""
        return cls(lambda: passphrase, lambda: "")


class RootFolder:
    """A folder with roots, open for one ceremony; a context manager.

    Keys that were made in a token are destroyed at the end, unless ``keep`` was called.
    """

    def __init__(self, folder: Path, access: RootAccess, profile: Profile) -> None:
        self.folder = folder
        self._access, self._profile = access, profile
        self._stack = ExitStack()
        self._tokens: dict[Token, OpenToken] = {}
        self._made: list[tuple[OpenToken, PrivateKey]] = []
        self._passphrase: bytes | None = None
        self._sealer: KeySealer | None = None

    def __enter__(self) -> Self:
        """The folder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close tokens, after taking back what nobody kept."""
        with self._stack:
            for token, key in self._made:
                token.destroy(key)

    def _stems(self) -> Iterator[tuple[Path, x509.Certificate | None]]:
        """Where roots may be, without a suffix, with the certificate that is there."""
        stems = [self.folder / "root", self.folder / "successor"]
        stems += [path / "root" for path in sorted(self.folder.glob("old/*"))]
        for stem in stems:
            path = stem.with_suffix(".pem")
            if path.exists():
                pem = read_bytes(path, what="the root's certificate")
                yield stem, certificate_from_pem(pem, what=str(path))
            else:
                yield stem, None

    def open(self, root: x509.Certificate) -> PrivateKey:
        """The private key of a root, which is found by its public half."""
        other: Path | None = None
        for path in self._keys_of(root):
            key = self._read(path, root)
            if key is not None:
                return key
            other = path
        if other is None:
            raise Environment(
                f"cannot read the root's key {self.folder / 'root.key'}: No such file or directory",
                hint="give the folder with it, wherever it is kept: --root-dir DIR",
            )
        raise State(
            f"{other} is the key of another root",
            hint=f"give the folder with the key of {root.subject.rfc4514_string()}",
        )

    def key_file(self, root: x509.Certificate) -> Path:
        """The file that the key of a root was opened from."""
        return next(path for path in self._keys_of(root) if self._read(path, root) is not None)

    def _keys_of(self, root: x509.Certificate) -> list[Path]:
        """Key files, those beside a certificate of the same key first; of the rest the first."""
        fitting: list[Path] = []
        others: list[Path] = []
        for stem, certificate in self._stems():
            path = _key_at(stem)
            if path is not None:
                fits = certificate is not None and certificate.public_key() == root.public_key()
                (fitting if fits else others).append(path)
        return fitting or others[:1]

    def _read(self, path: Path, root: x509.Certificate) -> PrivateKey | None:
        """The key in a file, None when it is another root's."""
        if path.suffix == ".uri":
            token = _address(path)
            key_id = key_identifier(
                require_profile_key(root.public_key(), self._profile, what="the root")
            )
            return self._token(token).open(root, self._profile) if token.key_id == key_id else None
        pem = read_bytes(path, what="the root's key")
        what = f"the root's key {path}"
        key = key_from_pem(pem, self._asked(), profile=self._profile, what=what)
        return key if key.public_key() == root.public_key() else None

    def make(self, label: str, *, beside: x509.Certificate | None) -> PrivateKey:
        """A new key, made where that of the root ``beside`` is unless the access says where."""
        token = self._access.token
        if token is None and beside is not None:
            path = self.key_file(beside)
            token = _address(path).without_key() if path.suffix == ".uri" else None
        if token is None:
            return generate_key(self._profile)
        opened = self._token(token)
        key = opened.make(label, self._profile)
        self._made.append((opened, key))
        return key

    def files(self, name: str, key: PrivateKey) -> dict[str, bytes]:
        """What to keep of a key that was made here, by the names of the files; all private."""
        for token, made in self._made:
            if made is key:
                return {f"{name}.uri": token.uri(key).encode()}
        if self._sealer is None:
            self._sealer = KeySealer(self._asked())
        return {f"{name}.key": self._sealer.pem(key)}

    def keep(self) -> None:
        """What was made is written down: leave it in the token."""
        self._made.clear()

    def _asked(self) -> bytes:
        if self._passphrase is None:
            self._passphrase = self._access.passphrase()
        return self._passphrase

    def _token(self, token: Token) -> OpenToken:
        if self._access.module is not None:
            token = token.on(self._access.module)
        place = token.without_key()
        if place not in self._tokens:
            opened = self._stack.enter_context(open_token(place, self._access.pin))
            self._tokens[place] = opened
        return self._tokens[place]


def _key_at(stem: Path) -> Path | None:
    found = [stem.with_suffix(suffix) for suffix in (".key", ".uri")]
    return next((path for path in found if path.exists()), None)


def _address(path: Path) -> Token:
    text = read_bytes(path, what="the address of the root's key")
    return Token.from_uri(text.decode("ascii", errors="replace"))
