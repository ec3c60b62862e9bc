"""May this device ask this? A pure decision: identity and request in, what to send or why not out.

    decide   1 the target is /ROUTE/rest?query, unambiguous      400, 414
             2 the route exists                                  404
             3 the device is on its list                         403
             4 the path behind the route is on its list          403
             5 the method is allowed                             405
             6 the announced body fits                           413
             7 no header imitates one that the gateway sets      400
             8 the head for the upstream, secrets included

The same function answers ``rootlet gateway check --as``, with masks in place of the secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rootlet.gateway.messages import HOP_BY_HOP, RequestHead, passing
from rootlet.gateway.model import Gateway, Route
from rootlet.gateway.refusals import Refusal, RefusedMessage
from rootlet.gateway.signing import NAMES, SignedParts, Signer
from rootlet.gateway.tables import DEVICE_HEADER
from rootlet.gateway.targets import Target, parse_target

__all__ = ["Allowed", "Denied", "Policy", "matcher"]

# Headers of the device that never pass: credentials are the gateway's; the rest an upstream could
# take for something its own proxy said, or is between two neighbours only.
_DROPPED = frozenset(
    {
        b"authorization",
        b"content-length",
        b"expect",
        b"forwarded",
        b"host",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)
# CGI and its heirs turn a header's name into a variable, so that X_Device, X.Device and X-Device
# become one.
_AS_VARIABLE = bytes(byte if chr(byte).isalnum() else ord("-") for byte in range(256))

_DEVICE_HEADER = DEVICE_HEADER.encode()
END_OF_HEAD = b"\r\n"
_IDENTITY = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class Allowed:
    """The request may go."""

    route: Route
    head: bytes = field(repr=False)
    """Complete request head for the upstream, but for a signature; holds the secrets."""
    repeatable: bool
    """Whether sending it twice is the same as sending it once (RFC 9110 section 9.2.2)."""
    signed: SignedParts | None = None
    """What is to be signed of it; None where the route does not sign."""
    signer: Signer | None = field(default=None, repr=False)

    def signed_head(self, body: bytes | None, created: int) -> bytes:
        """The head with its signature, where the route signs."""
        if self.signer is None or self.signed is None:
            return self.head
        lines = self.signer.lines(self.signed, body, created)
        return self.head[: -len(END_OF_HEAD)] + lines + END_OF_HEAD


@dataclass(frozen=True, slots=True)
class Denied:
    """The request may not go."""

    refusal: Refusal
    alias: str = ""
    """The route, where there is one by that name."""
    allow: tuple[str, ...] = ()
    """Methods the route allows, where the method was the reason."""


def matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression that matches whatever any of the patterns stands for."""
    choices = (".*".join(map(re.escape, each.split("*"))) for each in patterns)
    return re.compile("|".join(f"(?:{choice})" for choice in choices) or r"(?!)")


class _Prepared:
    """A route with everything worked out that does not depend on the request."""

    def __init__(self, route: Route, secrets: Mapping[str, str], signer: Signer | None) -> None:
        self.route = route
        self.devices = matcher(route.devices)
        self.paths = matcher(route.paths)
        self.methods = frozenset(method.encode() for method in route.methods)
        fixed = [*route.headers, *secrets.items()]
        names = {name.lower().encode() for name, _ in fixed} | {DEVICE_HEADER.lower().encode()}
        self.without = HOP_BY_HOP | _DROPPED | names
        self.signer = signer
        if signer is not None:
            self.without |= frozenset(NAMES)
        if route.answer is not None:  # fields are selected from what is not compressed
            self.without |= {b"accept-encoding"}
        self.prefix = route.upstream.prefix.encode()
        lines = [("Host", route.upstream.authority), *fixed]
        self.fixed = "".join(f"{name}: {value}\r\n" for name, value in lines).encode("ascii")


class Policy:
    """All routes, ready to decide."""

    def __init__(
        self,
        gateway: Gateway,
        secrets: Mapping[str, Mapping[str, str]],
        signers: Mapping[str, Signer] | None = None,
    ) -> None:
        """``secrets`` gives, by alias and header name, the values of the secret headers.

        ``signers`` gives, by alias, who signs; a dry run has none.
        """
        signing = signers or {}
        self._routes = {
            alias.encode(): _Prepared(
                route,
                {name: secrets[alias][name] for name, _ in route.secret_headers},
                signing.get(alias),
            )
            for alias, route in gateway.routes.items()
        }

    def decide(self, device: str, request: RequestHead) -> Allowed | Denied:
        """Whether ``device`` may send ``request``, and what then leaves."""
        try:
            target = parse_target(request.target)
        except RefusedMessage as refused:
            return Denied(refused.refusal)
        prepared = self._routes.get(target.alias)
        if prepared is None:
            return Denied(Refusal.NO_SUCH_ROUTE)
        route = prepared.route
        if not _IDENTITY.fullmatch(device) or not prepared.devices.fullmatch(device):
            return Denied(Refusal.ROUTE_NOT_ALLOWED, route.alias)
        if not prepared.paths.fullmatch((target.rest or b"/").decode("ascii")):
            return Denied(Refusal.PATH_NOT_ALLOWED, route.alias)
        if request.method not in prepared.methods:
            return Denied(Refusal.METHOD_NOT_ALLOWED, route.alias, route.methods)
        if request.length is not None and request.length > route.max_body_bytes:
            return Denied(Refusal.BODY_TOO_LARGE, route.alias)
        if any(_imitates(name, prepared.without) for name, _ in request.headers):
            return Denied(Refusal.SPOOFED_HEADER, route.alias)
        return Allowed(
            route=route,
            head=_upstream_head(prepared, device, request, target),
            repeatable=request.method not in (b"POST", b"PATCH"),
            signed=None
            if prepared.signer is None
            else SignedParts(
                request.method,
                route.upstream.authority,
                _upstream_path(prepared, target),
                target.query,
                device,
            ),
            signer=prepared.signer,
        )


def _imitates(name: bytes, guarded: frozenset[bytes]) -> bool:
    plain = name.translate(_AS_VARIABLE)
    return plain != name and plain in guarded


def _upstream_path(prepared: _Prepared, target: Target) -> bytes:
    return (prepared.prefix + target.rest) or b"/"


def _upstream_head(prepared: _Prepared, device: str, request: RequestHead, target: Target) -> bytes:
    path = _upstream_path(prepared, target)
    lines = [
        b"%s %s%s HTTP/1.1\r\n" % (request.method, path, target.query),
        prepared.fixed,
        b"%s: %s\r\n" % (_DEVICE_HEADER, device.encode("ascii")),
        *passing(request, without=prepared.without),
    ]
    if request.chunked:
        lines.append(b"transfer-encoding: chunked\r\n")
    elif request.length is not None:
        lines.append(b"content-length: %d\r\n" % request.length)
    lines.append(END_OF_HEAD)
    return b"".join(lines)
