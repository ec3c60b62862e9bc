"""Keys that never leave a PKCS#11 token, through python-pkcs11 (the extra ``hsm``).

pyca/cryptography builds and signs certificates with any object of its own private key classes:
the two here have the token sign. Keys are made in the token, sensitive and not extractable, and
found again by an RFC 7512 address: the token's label, and the key identifier that also stands in
the certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import quote, unquote, unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from rootlet.errors import Environment, Missing, Misuse, Secret
from rootlet.pki import PrivateKey, PublicKey, key_identifier, require_profile_key
from rootlet.profile import Profile

if TYPE_CHECKING:
    import pkcs11

__all__ = ["OpenToken", "Token", "open_token"]

ED25519_PARAMETERS = bytes.fromhex("06032b6570")
"""RFC 8410 section 3: the object identifier id-Ed25519, DER."""
P256_PARAMETERS = bytes.fromhex("06082a8648ce3d030107")
"""RFC 5480 section 2.1.1.1: the object identifier secp256r1, DER."""

ED25519_BYTES, P256_BYTES = 32, 65
"""Raw public keys. Modules wrap them differently, in an OCTET STRING, a BIT STRING or nothing, but
always in front of them."""

PROBE = b"rootlet: a signature to see that the token's key works"


@dataclass(frozen=True)
class Token:
    """A token, or a key in it."""

    label: str
    module: Path
    """The PKCS#11 module that reaches it, a shared library."""
    key_id: bytes = b""

    @classmethod
    def from_uri(cls, text: str) -> Self:
        """Read an RFC 7512 address as ``uri`` writes it; others of its attributes are not used."""
        scheme, _, rest = text.strip().partition(":")
        path, _, query = rest.partition("?")
        parts = dict(part.partition("=")[::2] for part in path.split(";"))
        more = dict(part.partition("=")[::2] for part in query.split("&"))
        if scheme != "pkcs11" or not parts.get("token") or not more.get("module-path"):
            raise Misuse(
                f"{text.strip()!r} is not the address of a key in a token",
                hint="restore the file from your backup: pkcs11:token=...;id=...?module-path=...",
            )
        label, module = unquote(parts["token"]), Path(unquote(more["module-path"]))
        return cls(label, module, unquote_to_bytes(parts.get("id", "")))

    def uri(self) -> str:
        """The address, RFC 7512, one line."""
        key = "".join(f"%{byte:02X}" for byte in self.key_id)
        token, module = quote(self.label, safe=""), quote(str(self.module), safe="/")
        return f"pkcs11:token={token};id={key};type=private?module-path={module}\n"

    def on(self, module: Path) -> Self:
        """The same, reached through another module: another machine has it elsewhere."""
        return replace(self, module=module)

    def without_key(self) -> Self:
        """The token that a key is in."""
        return replace(self, key_id=b"")


def _never(*_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError("the key does not leave its token")


class _Ed25519(ed25519.Ed25519PrivateKey):
    """An Ed25519 key in a token."""

    def __init__(self, handle: Any, public_key: ed25519.Ed25519PublicKey) -> None:
        self.handle, self._public_key = handle, public_key

    def public_key(self) -> ed25519.Ed25519PublicKey:
        return self._public_key

    def sign(self, data: Any) -> bytes:
        from pkcs11 import Mechanism

        with _token_errors("sign"):
            return bytes(self.handle.sign(bytes(data), mechanism=Mechanism.EDDSA))

    private_bytes = private_bytes_raw = __copy__ = __deepcopy__ = _never


class _P256(ec.EllipticCurvePrivateKey):
    """A P-256 key in a token."""

    def __init__(self, handle: Any, public_key: ec.EllipticCurvePublicKey) -> None:
        self.handle, self._public_key = handle, public_key

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public_key

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public_key.curve

    @property
    def key_size(self) -> int:
        return self._public_key.key_size

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        from pkcs11 import Mechanism

        if not isinstance(signature_algorithm.algorithm, SHA256):
            raise NotImplementedError("P-256 signs with SHA-256")
        digest = hashlib.sha256(bytes(data)).digest()
        with _token_errors("sign"):
            raw = bytes(self.handle.sign(digest, mechanism=Mechanism.ECDSA))
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    exchange = private_numbers = private_bytes = __copy__ = __deepcopy__ = _never


def _key(handle: Any, public_key: PublicKey) -> PrivateKey:
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return _Ed25519(handle, public_key)
    return _P256(handle, public_key)


class OpenToken:
    """A token that its user is logged in to."""

    def __init__(self, token: Token, session: pkcs11.Session) -> None:
        self._token, self._session = token, session

    def make(self, label: str, profile: Profile) -> PrivateKey:
        """A new key pair that stays in the token, seen to work."""
        import pkcs11

        edwards = profile.chain.key == "Ed25519"
        kind = pkcs11.KeyType.EC_EDWARDS if edwards else pkcs11.KeyType.EC
        curve = ED25519_PARAMETERS if edwards else P256_PARAMETERS
        mechanism = pkcs11.Mechanism.EC_KEY_PAIR_GEN
        if edwards:
            mechanism = pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN
        private = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
        with _token_errors(f"make a key of type {profile.chain.key}"):
            parameters = self._session.create_domain_parameters(
                kind, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
            )
            pair = parameters.generate_keypair(
                mechanism=mechanism, store=True, label=label, private_template=private
            )
        try:
            return self._taken(*pair, edwards=edwards)
        except BaseException:
            for half in pair:
                half.destroy()
            raise

    def find_ed25519(self) -> ed25519.Ed25519PrivateKey:
        """The key that the token's address names, seen to work."""
        import pkcs11

        with _token_errors("find the key"):
            public, private = (
                self._session.get_key(object_class=kind, id=self._token.key_id)
                for kind in (pkcs11.ObjectClass.PUBLIC_KEY, pkcs11.ObjectClass.PRIVATE_KEY)
            )
        key = self._seen(public, private, edwards=True)
        assert isinstance(key, ed25519.Ed25519PrivateKey)
        return key

    def _seen(self, public: Any, private: Any, *, edwards: bool) -> PrivateKey:
        """Both halves as one key that signs; ``Environment`` when they do not fit."""
        import pkcs11

        with _token_errors("read its key"):
            point = bytes(public[pkcs11.Attribute.EC_POINT])
        made: PublicKey
        try:
            if edwards:
                made = ed25519.Ed25519PublicKey.from_public_bytes(point[-ED25519_BYTES:])
                made.verify(_Ed25519(private, made).sign(PROBE), PROBE)
            else:
                curve, raw = ec.SECP256R1(), point[-P256_BYTES:]
                made = ec.EllipticCurvePublicKey.from_encoded_point(curve, raw)
                scheme = ec.ECDSA(SHA256())
                made.verify(_P256(private, made).sign(PROBE, scheme), PROBE, scheme)
        except (ValueError, InvalidSignature) as error:
            raise Environment(
                f"the token {self._token.label} has a key that does not sign properly",
                hint="ask its maker whether it signs with this kind of key, or use another",
            ) from error
        return _key(private, made)

    def _taken(self, public: Any, private: Any, *, edwards: bool) -> PrivateKey:
        import pkcs11

        key = self._seen(public, private, edwards=edwards)
        with _token_errors("name the key that it made"):
            for half in (public, private):
                half[pkcs11.Attribute.ID] = key_identifier(key.public_key())
        return key

    def open(self, root: x509.Certificate, profile: Profile) -> PrivateKey:
        """The private key of a root."""
        import pkcs11

        public_key = require_profile_key(root.public_key(), profile, what="the root")
        with _token_errors("find the root's key"):
            handle = self._session.get_key(
                object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=key_identifier(public_key)
            )
        return _key(handle, public_key)

    def uri(self, key: PrivateKey) -> str:
        """The address of a key."""
        return replace(self._token, key_id=key_identifier(key.public_key())).uri()

    def destroy(self, key: PrivateKey) -> None:
        """Take back a key that was just made, both halves."""
        import pkcs11

        wanted = {pkcs11.Attribute.ID: key_identifier(key.public_key())}
        with _token_errors("take back a key"):
            for found in list(self._session.get_objects(wanted)):
                found.destroy()


@contextmanager
def open_token(token: Token, pin: Callable[[], str]) -> Iterator[OpenToken]:
    """Log in to a token; ``pin`` is asked for once the token was found."""
    try:
        import pkcs11
    except ModuleNotFoundError as error:
        raise Missing(
            "a token needs the package python-pkcs11",
            hint="install it with: pip install 'rootlet[hsm]'",
        ) from error
    with _token_errors("be reached", f"the module {token.module}"):
        library = pkcs11.lib(str(token.module))
    with _token_errors("be found", f"the token {token.label}"):
        found = library.get_token(token_label=token.label)
    user_pin = pin()
    with _token_errors("be opened", f"the token {token.label}"):
        session = found.open(rw=True, user_pin=user_pin)
    try:
        yield OpenToken(token, session)
    finally:
        session.close()


@contextmanager
def _token_errors(doing: str, what: str = "the token") -> Iterator[None]:
    from pkcs11 import exceptions as said

    wrong_pin = (said.PinIncorrect, said.PinInvalid, said.PinLenRange)
    try:
        yield
    except wrong_pin as error:
        raise Secret(
            f"the PIN does not open {what}", hint="type it again: after a few wrong ones it locks"
        ) from error
    except said.PinLocked as error:
        raise Secret(
            f"{what} is locked after wrong PINs", hint="unlock it with its security officer's PIN"
        ) from error
    except RuntimeError as error:  # all that the module says, and that there is no module
        words = str(error) or type(error).__name__
        raise Environment(
            f"{what} cannot {doing}: {words}",
            hint="check --token, --token-module and that the token is plugged in "
            "(pkcs11-tool --list-slots)",
        ) from error
