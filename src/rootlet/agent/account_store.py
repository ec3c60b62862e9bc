"""The account's key and what binds it to the CA's books: files that only their owner reads."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rootlet.errors import Misuse
from rootlet.files import read_bytes, write_atomic

__all__ = ["account_key", "read_binding"]


def read_binding(path: Path) -> tuple[str, str]:
    """Key id and HMAC key (base64url) from the file that ``rootlet ca acme key add`` wrote."""
    hint = "use the file as rootlet ca acme key add wrote it"
    try:
        fields = json.loads(read_bytes(path, what="the account binding"))
        kid, key = fields["kid"], fields["hmac_key"]
        base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    except (ValueError, KeyError, TypeError) as error:
        raise Misuse(f"{path} is not an account binding: kid and hmac_key", hint=hint) from error
    if not isinstance(kid, str) or fields.get("algorithm", "HS256") != "HS256":
        raise Misuse(f"{path} is not an account binding with HS256", hint=hint)
    return kid, key


def account_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The account's key; made and written where there is none."""
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_atomic(path, pem, private=True)
    try:
        key = load_pem_private_key(read_bytes(path, what="the account's key"), None)
    except (ValueError, TypeError) as error:
        key = None
        cause: Exception | None = error
    else:
        cause = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Misuse(
            f"{path} is not an account's key (P-256, PEM, not encrypted)",
            hint="restore it from your backup, or move it away: a new account is made then",
        ) from cause
    return key
