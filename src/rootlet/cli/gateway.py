"""``rootlet gateway``: forward what devices ask of anyone else."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rootlet.cli.options import FILE, json_option, maker_option, show, with_maker
from rootlet.errors import Misuse, State
from rootlet.files import write_atomic
from rootlet.gateway import (
    Address,
    Gateway,
    Route,
    describe,
    dry_run,
    key_identifier,
    load_secrets,
    load_signers,
    parse_address,
    parse_gateway,
    serve,
    server_files,
    upstream_context,
)
from rootlet.maker import Maker, load_maker
from rootlet.pki import key_to_pem

__all__ = ["command"]

KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

REFUSED = 1
"""Exit code of a dry run that ends in a refusal."""


@click.group(
    name="gateway",
    epilog="\b\nOne route, tried out, then served:\n"
    "  rootlet gateway check --as sensor-1 GET '/weather/now?city=Oslo'\n"
    "  rootlet gateway serve --listen 0.0.0.0:8443",
)
def command() -> None:
    """Forward what devices ask of anyone else: routes, devices and secrets from rootlet.toml."""


def _load(folder: Path) -> tuple[Maker, Gateway]:
    maker = load_maker(folder)
    gateway = parse_gateway(maker)
    if not gateway.routes:
        raise Misuse(
            "there are no routes in rootlet.toml",
            hint="add a [[gateway.routes]] with alias, upstream and devices",
        )
    return maker, gateway


@command.command(
    name="serve",
    epilog="\b\nExamples:\n  rootlet gateway serve --maker mine --listen 0.0.0.0:8443\n"
    "  rootlet gateway serve --certificate cert.pem --key key.pem --log access.log\n"
    "\b\nkill -HUP takes a renewed certificate, new routes and secrets, and reopens the log;\n"
    "where one of them is bad, all stays as it was. kill (TERM) lets requests under way end\n"
    "first. The log has device, route, status, bytes and time, nothing else.",
)
@maker_option
@click.option("--listen", metavar="HOST:PORT", help="Where to listen.  [default: rootlet.toml's]")
@click.option(
    "--certificate",
    type=FILE,
    metavar="FILE",
    help="PEM, leaf first.  [default: issued/servers/NAME/cert.pem]",
)
@click.option("--key", type=FILE, metavar="FILE", help="PEM.  [default: key.pem beside that]")
@click.option("--log", type=FILE, metavar="FILE", help="Access log, JSON lines.  [default: stderr]")
@click.option(
    "--metrics",
    type=FILE,
    metavar="FILE",
    help="Write what Prometheus' node exporter reads (textfile collector).",
)
@json_option
def serve_command(
    folder: Path,
    listen: str | None,
    certificate: Path | None,
    key: Path | None,
    log: Path | None,
    metrics: Path | None,
    as_json: bool,
) -> None:
    """Serve devices until told to stop."""
    maker, gateway = _load(folder)
    if listen is not None:
        gateway = dataclasses.replace(gateway, listen=parse_address(listen, where="--listen"))
    files = server_files(maker, gateway, certificate, key)

    def ready(address: Address) -> None:
        routes = list(gateway.routes)
        if as_json:
            click.echo(json.dumps({"ready": str(address), "routes": routes}))
        else:
            click.echo(f"rootlet: gateway ready on https://{address} ({', '.join(routes)})")

    serve(
        *(maker, gateway, files),
        log_file=log,
        ready=ready,
        again=lambda: _load(folder)[1],
        metrics_file=metrics,
    )


@command.command(
    name="check",
    short_help="Check the configuration, explain the routes, try a request.",
    epilog="\b\nExamples:\n  rootlet gateway check --maker mine\n"
    "  rootlet gateway check --as sensor-1 GET '/weather/now?city=Oslo'",
)
@maker_option
@click.option(
    "--as",
    "request",
    type=(str, str, str),
    metavar="DEVICE METHOD PATH",
    help="Decide on this request and show what would leave; nothing is sent.",
)
@json_option
@click.pass_context
def check_command(
    context: click.Context, folder: Path, request: tuple[str, str, str] | None, as_json: bool
) -> None:
    """Check the configuration and say what each route does; exit code 1 for a refused request."""
    maker, gateway = _load(folder)
    load_secrets(maker, gateway)
    load_signers(maker, gateway)
    for route in gateway.routes.values():
        upstream_context(route)
    if request is None:
        _show_routes(gateway, folder, as_json=as_json)
    elif not _show_request(gateway, folder, *request, as_json=as_json):
        context.exit(REFUSED)


@command.command(
    name="signing-key",
    epilog="\b\nExample:\n  rootlet gateway signing-key weather-signing --maker mine",
)
@click.argument("name")
@maker_option
@json_option
def signing_key_command(name: str, folder: Path, as_json: bool) -> None:
    """Make a key that a route signs its requests with (RFC 9421): DIR/secrets/NAME."""
    if not KEY_NAME.fullmatch(name):
        raise Misuse(
            f"{name!r} cannot name a key",
            hint="use at most 64 letters, digits, dots, hyphens, underscores",
        )
    path = folder / "secrets" / name
    if path.exists():
        raise State(f"{path} exists already", hint="choose another name, or move it away")
    key = Ed25519PrivateKey.generate()
    write_atomic(path, key_to_pem(key), private=True)
    public = key.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    fields = {"key": str(path), "keyid": key_identifier(raw), "public_key": pem}
    text = f"""\
Made {path}.

Next:
  1. Let the route sign with it, in rootlet.toml:  sign_with = "{name}"
  2. Give the service its public half, keyid {fields["keyid"]}:

{pem}"""
    show(fields, text.rstrip("\n"), as_json=as_json)


def _show_routes(gateway: Gateway, folder: Path, *, as_json: bool) -> None:
    routes = gateway.routes.values()
    text = "\n\n".join(
        [
            f"{len(routes)} route(s), all files in order.",
            *map(describe, routes),
            "Next: try a request with --as DEVICE METHOD PATH, then: "
            + with_maker("rootlet gateway serve", folder),
        ]
    )
    fields = {"listen": str(gateway.listen), "routes": [_fields(route) for route in routes]}
    show(fields, text, as_json=as_json)


def _fields(route: Route) -> dict[str, Any]:
    return {
        "alias": route.alias,
        "upstream": str(route.upstream),
        "methods": list(route.methods),
        "devices": list(route.devices),
        "roots": str(route.roots) if route.roots else "public",
        "allow_private": route.allow_private,
        "max_body_bytes": route.max_body_bytes,
        "timeout_seconds": route.timeout_seconds,
        "paths": list(route.paths),
        "per_minute": route.per_minute,
        "device_per_minute": route.device_per_minute,
        "answer": None
        if route.answer is None
        else {
            "select": list(route.answer.select),
            "max_bytes": route.answer.max_bytes,
            "max_upstream_bytes": route.answer.max_upstream_bytes,
        },
        "sign_with": route.sign_with or None,
        "headers": dict(route.headers),
        "secret_headers": dict(route.secret_headers),
        "explained": describe(route),
    }


def _show_request(
    gateway: Gateway, folder: Path, device: str, method: str, path: str, *, as_json: bool
) -> bool:
    """Whether the request would be forwarded; says so in any case."""
    result = dry_run(gateway, device, method, path)
    if result.refusal is not None:
        refusal = result.refusal
        fields: dict[str, Any] = {
            "forwarded": False,
            "status": refusal.status,
            "error": refusal.error,
            "hint": refusal.hint,
        }
        text = f"Refused: {device} would get {refusal.status} {refusal.error}\n  {refusal.hint}"
    else:
        fields = {"forwarded": True, "upstream": result.upstream, "request": list(result.head)}
        lines = "".join(f"\n  {line}" for line in result.head)
        next_step = with_maker("rootlet gateway serve", folder)
        text = f"Forwarded to {result.upstream}, as:\n{lines}\n\nNext: {next_step}"
    show(fields, text, as_json=as_json)
    return result.refusal is None
