"""Signed requests: the envelope of RFC 8555 section 6.2, checked to the letter.

The signature itself is joserfc's business; which keys and headers are taken is decided here:

1. flattened JSON with exactly protected, payload and signature, each strict base64url;
2. protected header: an algorithm that is allowed, and of the key's own type; no "crit", no "b64";
3. either "jwk" (a public key) or "kid", not both; "url" and "nonce" present;
4. the signature verifies.

Whether the url is the one asked for, and the nonce one of ours, is for the caller to say.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from rootlet.ca.acme.problems import Kind, Problem

__all__ = [
    "AccountKey",
    "Signed",
    "account_key",
    "check_binding",
    "decode",
    "encode",
    "parse",
    "parse_json",
    "verify",
]

JwkKey = ECKey | OKPKey | RSAKey

MEMBERS = frozenset({"protected", "payload", "signature"})
FORBIDDEN = frozenset({"crit", "b64", "jku", "x5u", "x5c"})
"""Header members that change what a signature means, or where its key comes from."""

PUBLIC = {
    "EC": (("crv", "kty", "x", "y"), {"crv": "P-256"}, "ES256"),
    "OKP": (("crv", "kty", "x"), {"crv": "Ed25519"}, "EdDSA"),
    "RSA": (("e", "kty", "n"), {}, "RS256"),
}
"""By "kty": the members of a public key (RFC 7638), values they must have, and the algorithm."""

ALIASES = {"Ed25519": "EdDSA"}
"""RFC 9864 gives EdDSA's name to each of its curves."""

LEAST_RSA, MOST_RSA = 2048, 4096
"""Bits: less is weak, more only keeps us busy."""

BINDING = "HS256"
"""The one algorithm of external account binding; every client has it."""

ESCAPE = b"\\u"
NUL = "\\u0000"
"""As json writes it."""

DEEPEST = "the request nests too deeply: send what RFC 8555 asks for"


@dataclass(frozen=True)
class AccountKey:
    """A public key that signs requests."""

    jwk: Mapping[str, str]
    """Its required members only."""
    thumbprint: str
    """RFC 7638, SHA-256, base64url: the account's name in key authorizations."""
    algorithm: str
    key: JwkKey


@dataclass(frozen=True)
class Signed:
    """An envelope whose form is right and whose signature is not yet checked."""

    algorithm: str
    """ "ES256", "EdDSA" (whichever name it came by), "RS256" or "HS256"."""
    url: str
    nonce: str | None
    kid: str | None
    jwk: Mapping[str, Any] | None
    payload: bytes
    signed: bytes
    """What the signature is over."""
    signature: bytes


def encode(raw: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: object, what: str) -> bytes:
    """Unpadded base64url in its one right form (RFC 7515 section 2)."""
    if isinstance(text, str):
        try:
            raw = base64.b64decode(
                text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            raw = b""
        if encode(raw) == text:
            return raw
    raise Problem(Kind.MALFORMED, f"{what} is not base64url without padding: encode it again")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(Kind.MALFORMED, "a JSON object has the same member twice: send each once")
    return found


def parse_json(raw: bytes, what: str) -> dict[str, Any]:
    """A JSON object, no member twice."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
        if ESCAPE in raw:
            _check_text(value, what)
    except RecursionError as error:
        raise Problem(Kind.MALFORMED, DEEPEST) from error
    except ValueError as error:
        raise Problem(Kind.MALFORMED, f"{what} is not JSON: {_plain(error)}") from error
    if not isinstance(value, dict):
        raise Problem(Kind.MALFORMED, f"{what} is not a JSON object: send one")
    return value


def _check_text(value: Any, what: str) -> None:
    """Escapes can name what is in no text: half a surrogate pair, which has no UTF-8, and NUL,
    which PostgreSQL does not take."""
    text = json.dumps(value, ensure_ascii=False)
    if NUL in text or not _has_utf8(text):
        raise Problem(
            Kind.MALFORMED, f"{what} has an escape that stands for no character: send text"
        )


def _has_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _plain(error: Exception) -> str:
    """What is wrong, without what the client sent."""
    if isinstance(error, json.JSONDecodeError):
        return str(error)
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else "it has too long a number"


def parse(
    value: Mapping[str, Any], algorithms: Sequence[str], *, what: str = "the request"
) -> Signed:
    """Steps 1 to 3: the envelope's form."""
    if set(value) != MEMBERS:
        raise Problem(
            Kind.MALFORMED,
            f"{what} is not a flattened JWS: send protected, payload and signature, nothing else",
        )
    header = parse_json(decode(value["protected"], "protected"), "the protected header")
    algorithm = header.get("alg")
    name = ALIASES.get(algorithm, algorithm) if isinstance(algorithm, str) else ""
    if name not in algorithms:
        raise Problem(
            Kind.BAD_SIGNATURE_ALGORITHM,
            f"{what} is not signed with one of {', '.join(algorithms)}: use a key of such a kind",
            fields={"algorithms": list(algorithms)},
        )
    if found := FORBIDDEN & set(header):
        raise Problem(Kind.MALFORMED, f"the header member {min(found)} is not for ACME: omit it")
    kid, jwk = header.get("kid"), header.get("jwk")
    url, nonce = header.get("url"), header.get("nonce")
    if ("kid" in header) == ("jwk" in header):
        raise Problem(Kind.MALFORMED, f"{what} needs either jwk or kid in its header, not both")
    if not isinstance(kid, str) and not isinstance(jwk, dict):
        raise Problem(Kind.MALFORMED, "kid is text and jwk an object: send them so")
    if not (isinstance(url, str) and isinstance(nonce, str | None)):
        raise Problem(Kind.MALFORMED, f"{what} needs the address it is sent to as url, as text")
    return Signed(
        algorithm=name,
        url=url,
        nonce=nonce,
        kid=kid,
        jwk=jwk,
        payload=decode(value["payload"], "payload"),
        signed=f"{value['protected']}.{value['payload']}".encode("ascii"),
        signature=decode(value["signature"], "signature"),
    )


def account_key(jwk: Mapping[str, Any]) -> AccountKey:
    """The account key that a "jwk" holds; ``Problem`` for private, weak and unknown ones."""
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in PUBLIC:
        raise _bad_key("it is of no kind that is known")
    names, fixed, _ = PUBLIC[kty]
    values = {name: jwk.get(name) for name in names}
    if not all(isinstance(value, str) for value in values.values()):
        raise _bad_key(f"a key of type {kty} has {', '.join(names)}")
    if any(values[name] != value for name, value in fixed.items()):
        raise _bad_key(f"of type {kty} only {', '.join(fixed.values())} is taken")
    if "d" in jwk:
        raise _bad_key("it is a private key, and now known to others: never use it again")
    return _import(tuple(sorted((name, str(value)) for name, value in values.items())))


@lru_cache(maxsize=4096)
def _import(members: tuple[tuple[str, str], ...]) -> AccountKey:
    values = dict(members)
    kind: type[JwkKey] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}[values["kty"]]  # type: ignore[assignment]
    numbers = {
        name: int.from_bytes(decode(value, f"{name} of the key"))
        for name, value in members
        if name in {"x", "y", "n", "e"}
    }
    if "n" in numbers and not LEAST_RSA <= numbers["n"].bit_length() <= MOST_RSA:
        raise _bad_key(f"RSA keys have {LEAST_RSA} to {MOST_RSA} bits here")
    try:
        key = kind.import_key(dict(values))
        thumbprint = key.thumbprint()
    except (JoseError, ValueError) as error:
        raise _bad_key("its numbers make no key") from error
    return AccountKey(values, thumbprint, PUBLIC[values["kty"]][2], key)


def _bad_key(reason: str) -> Problem:
    return Problem(
        Kind.BAD_PUBLIC_KEY, f"the account key is not taken: {reason}; use P-256 or Ed25519"
    )


def verify(signed: Signed, key: AccountKey) -> None:
    """Step 4; ``Problem`` for another algorithm than the key's, or a wrong signature."""
    if signed.algorithm != key.algorithm:
        raise Problem(
            Kind.BAD_SIGNATURE_ALGORITHM,
            f"this account's key signs with {key.algorithm}, the request says {signed.algorithm}",
            fields={"algorithms": [key.algorithm]},
        )
    if not _verifies(signed, key.key):
        raise Problem(
            Kind.MALFORMED,
            "the signature is not that of the account's key: check which account is in use",
        )


def _verifies(signed: Signed, key: JwkKey | OctKey) -> bool:
    try:
        return JWSRegistry.algorithms[signed.algorithm].verify(signed.signed, signed.signature, key)
    except (JoseError, ValueError):
        return False


def check_binding(signed: Signed, secret: bytes, key: AccountKey, url: str) -> None:
    """An external account binding (RFC 8555 section 7.3.4) over this account key."""
    if signed.url != url or signed.nonce is not None:
        raise Problem(
            Kind.MALFORMED,
            "externalAccountBinding needs the same url as the request, and no nonce",
        )
    if not _verifies(signed, OctKey.import_key(secret)):
        raise Problem(
            Kind.UNAUTHORIZED,
            "externalAccountBinding is not signed with the HMAC key of its kid: copy both anew",
        )
    if account_key(parse_json(signed.payload, "externalAccountBinding")).jwk != key.jwk:
        raise Problem(
            Kind.MALFORMED, "externalAccountBinding is for another account key than the request's"
        )
