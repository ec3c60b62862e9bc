"""Say in words what a gateway would do: each route, and one request, secrets masked."""

from __future__ import annotations

import os
from dataclasses import dataclass

from rootlet.gateway.messages import RequestHead
from rootlet.gateway.model import Gateway, Route
from rootlet.gateway.policy import Denied, Policy
from rootlet.gateway.refusals import Refusal

__all__ = ["DryRun", "describe", "dry_run"]

_KIB, _MIB = 1 << 10, 1 << 20


@dataclass(frozen=True)
class DryRun:
    """What would become of one request."""

    refusal: Refusal | None
    """Why it would be refused; None if it would be forwarded."""
    upstream: str
    """Scheme and authority it would go to; "" if refused."""
    head: tuple[str, ...]
    """Lines of the request that would leave, names of files in place of secrets."""


def describe(route: Route) -> str:
    """One paragraph about a route."""
    roots = "the public roots" if route.roots is None else f"the roots in {route.roots.name}"
    trust = (
        f"whose certificate must lead to {roots}"
        if route.upstream.scheme == "https"
        else "in the clear"
    )
    private = "; private addresses are allowed" if route.allow_private else ""
    lines = [
        f"/{route.alias}/...  goes to {route.upstream}/..., {trust}{private}.",
        f"  Devices: {', '.join(route.devices) or 'none'}. Methods: {', '.join(route.methods)}.",
        f"  Bodies up to {_size(route.max_body_bytes)}; answers within {route.timeout_seconds} s.",
    ]
    if route.paths != ("*",):
        lines.append(f"  Behind /{route.alias} only: {', '.join(route.paths)}.")
    if route.per_minute or route.device_per_minute:
        each = [
            f"{count} requests a minute of {whose}"
            for count, whose in (
                (route.per_minute, "all devices together"),
                (route.device_per_minute, "each device"),
            )
            if count
        ]
        lines.append(f"  At most {' and '.join(each)}.")
    if route.answer is not None:
        lines.append(
            f"  Of answers, JSON up to {_size(route.answer.max_upstream_bytes)}, devices get "
            f"{', '.join(route.answer.select)}: {_size(route.answer.max_bytes)} at most."
        )
    if route.sign_with:
        lines.append(f"  Signs requests (RFC 9421) with {_source(route.sign_with)}.")
    lines += [f"  Sets {name}: {value}" for name, value in route.headers]
    lines += [f"  Sets {name} from {_source(file)}" for name, file in route.secret_headers]
    return "\n".join(lines)


def _source(secret: str) -> str:
    kind, _, name = secret.partition(":")
    kinds = {"env": f"{name} in the environment", "credential": f"systemd's credential {name}"}
    return kinds.get(kind, f"secrets/{secret}")


def _size(count: int) -> str:
    for unit, name in ((_MIB, "MiB"), (_KIB, "KiB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} bytes"


def dry_run(gateway: Gateway, device: str, method: str, target: str) -> DryRun:
    """Decide on a request exactly as the running gateway would; no secret is read."""
    masks = {
        alias: {name: f"(secret: {file})" for name, file in route.secret_headers}
        for alias, route in gateway.routes.items()
    }
    # Anything but ASCII is refused in a target; "?" would change what is asked for.
    request = RequestHead(os.fsencode(method), os.fsencode(target), ())
    decision = Policy(gateway, masks).decide(device, request)
    if isinstance(decision, Denied):
        return DryRun(decision.refusal, "", ())
    upstream = decision.route.upstream
    lines = decision.head.decode("ascii").rstrip().split("\r\n")
    return DryRun(None, f"{upstream.scheme}://{upstream.host}:{upstream.port}", tuple(lines))
