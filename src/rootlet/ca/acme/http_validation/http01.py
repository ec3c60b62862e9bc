"""http-01 (RFC 8555 section 8.3): a file on the name's web server, over plain HTTP."""

from __future__ import annotations

import asyncio
import hmac
from urllib.parse import urljoin, urlsplit

from rootlet.ca.acme.http_validation.interface import Task
from rootlet.ca.acme.problems import Kind, Problem

__all__ = ["http01"]

DEFAULT_PORT = 80
MOST_HEAD = 16_384
"""Bytes of status line and headers."""
MOST_BODY = 1024
"""A key authorization has under 100 bytes; more is some other file."""
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def http01(task: Task) -> None:
    """Fetch the file and compare it."""
    address = await task.addresses.of(task.identifier)
    target = f"/.well-known/acme-challenge/{task.token}"
    for _ in range(1 + MOST_REDIRECTS):
        status, location, body = await _get(task, address, target)
        if status in REDIRECTS:
            target = _same_host(task, target, location)
            continue
        if status != 200:
            raise _wrong(task, f"answered {status} instead of 200")
        if not hmac.compare_digest(body.rstrip(), task.authorization.encode("ascii")):
            raise _wrong(task, "has something else there than this account's key authorization")
        return
    raise _wrong(task, f"redirects more than {MOST_REDIRECTS} times")


def _host(task: Task) -> str:
    value, port = task.identifier.value, task.rules.http_port
    name = f"[{value}]" if ":" in value else value
    return name if port == DEFAULT_PORT else f"{name}:{port}"


def _same_host(task: Task, target: str, location: str) -> str:
    """Where a redirect goes, if that is the same server, on the same port."""
    here = f"http://{_host(task)}"
    try:
        there = urlsplit(urljoin(here + target, location))
    except ValueError:
        there = urlsplit("")
    text = there.path + there.query
    same = there.scheme == "http" and there.netloc.lower() == _host(task)
    if not same or not text.isascii() or not text.isprintable() or " " in text:
        raise _wrong(task, "redirects to another host, port or scheme, which is not followed")
    return (there.path or "/") + (f"?{there.query}" if there.query else "")


def _wrong(task: Task, what: str) -> Problem:
    where = f"http://{_host(task)}/.well-known/acme-challenge/"
    return Problem(
        Kind.UNAUTHORIZED, f"the server at {where} {what}: put the file there, try again"
    )


async def _get(task: Task, address: str, target: str) -> tuple[int, str, bytes]:
    """Status, Location, and the beginning of the body."""
    port = task.rules.http_port
    writer = None
    try:
        reader, writer = await asyncio.open_connection(address, port, limit=MOST_HEAD)
        writer.write(
            f"GET {target} HTTP/1.0\r\nHost: {_host(task)}\r\nUser-Agent: rootlet-ca\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        head = await reader.readuntil(b"\r\n\r\n")
        status, location = _head(task, head)
        return status, location, await _read(reader)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Problem(
            Kind.CONNECTION,
            f"port {port} of {task.identifier.value} cannot be asked ({_reason(error)}): open it "
            "and let it answer there",
        ) from error
    finally:
        if writer is not None:
            writer.close()


def _reason(error: Exception) -> str:
    return error.strerror or "refused" if isinstance(error, OSError) else "no HTTP answer"


async def _read(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while len(body) <= MOST_BODY and (more := await reader.read(MOST_BODY + 1 - len(body))):
        body += more
    return body


def _head(task: Task, head: bytes) -> tuple[int, str]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit()):
        raise _wrong(task, "does not speak HTTP")
    location = ""
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "location":
            location = value.strip()
    return int(code), location
