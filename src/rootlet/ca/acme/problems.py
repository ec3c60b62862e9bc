"""Problem documents: ACME's error types (RFC 8555 section 6.7) with words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from rootlet.errors import Environment, Refused, RootletError, State

__all__ = ["PREFIX", "Kind", "Problem", "of_refusal"]

PREFIX = "urn:ietf:params:acme:error:"


class Kind(Enum):
    """An error's type, with the HTTP status that it is answered with."""

    ACCOUNT_DOES_NOT_EXIST = ("accountDoesNotExist", 400)
    ALREADY_REPLACED = ("alreadyReplaced", 409)
    ALREADY_REVOKED = ("alreadyRevoked", 400)
    BAD_CSR = ("badCSR", 400)
    BAD_NONCE = ("badNonce", 400)
    BAD_PUBLIC_KEY = ("badPublicKey", 400)
    BAD_REVOCATION_REASON = ("badRevocationReason", 400)
    BAD_SIGNATURE_ALGORITHM = ("badSignatureAlgorithm", 400)
    CONNECTION = ("connection", 400)
    DNS = ("dns", 400)
    EXTERNAL_ACCOUNT_REQUIRED = ("externalAccountRequired", 403)
    INCORRECT_RESPONSE = ("incorrectResponse", 403)
    INVALID_CONTACT = ("invalidContact", 400)
    INVALID_PROFILE = ("invalidProfile", 400)
    MALFORMED = ("malformed", 400)
    ORDER_NOT_READY = ("orderNotReady", 403)
    RATE_LIMITED = ("rateLimited", 429)
    REJECTED_IDENTIFIER = ("rejectedIdentifier", 400)
    SERVER_INTERNAL = ("serverInternal", 500)
    TLS = ("tls", 400)
    UNAUTHORIZED = ("unauthorized", 403)
    UNSUPPORTED_CONTACT = ("unsupportedContact", 400)
    UNSUPPORTED_IDENTIFIER = ("unsupportedIdentifier", 400)


class Problem(Exception):
    """A refusal on its way to the client; ``detail`` says what happened and what to do."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.status = kind.value[1] if status is None else status
        """HTTP's status."""
        self.headers = dict(headers or {})
        """More headers of the answer."""
        self.fields = dict(fields or {})
        """More members of the document."""

    @property
    def rule(self) -> str:
        """Its name without the prefix, for logs and counters."""
        return str(self.kind.value[0])

    def document(self) -> dict[str, Any]:
        """The JSON of RFC 9457."""
        return {
            "type": PREFIX + self.rule,
            "detail": self.detail,
            "status": self.status,
            **self.fields,
        }


_RULES = {
    "name-form": Kind.REJECTED_IDENTIFIER,
    "name-allowed": Kind.REJECTED_IDENTIFIER,
    "names-twice": Kind.MALFORMED,
    "key-algorithm": Kind.BAD_CSR,
    "request": Kind.BAD_CSR,
    "certificate-bytes": Kind.BAD_CSR,
    "message-bytes": Kind.BAD_CSR,
}

MACHINE = frozenset({"clock-back", "clock-differs", "clock-unknown"})
"""Rules that say something about the CA's machine, not about what was asked for."""


def of_refusal(error: RootletError) -> Problem:
    """What a client is told of an error of the authority's: rules in full, faults of the machine
    without what only its owner should know."""
    if isinstance(error, Refused) and error.status not in MACHINE:
        kind = _RULES.get(error.status or "", Kind.UNAUTHORIZED)
        return Problem(kind, f"{error.message} (rule {error.status}): {error.hint}")
    if isinstance(error, Environment | State | Refused):
        return Problem(
            Kind.SERVER_INTERNAL,
            "the CA cannot issue just now; its log says why: try again in some minutes",
            status=503,
            headers={"Retry-After": "60"},
        )
    return Problem(Kind.SERVER_INTERNAL, "a fault of the CA's own; its log says which: report it")
