"""The [gateway] table: what is read, and what each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rootlet.errors import Misuse
from rootlet.gateway import Gateway, parse_address, parse_gateway
from rootlet.maker import parse_maker

ROUTE = """
[[gateway.routes]]
alias = "weather"
upstream = "https://api.example.test"
devices = ["*"]
"""


def _parse(text: str) -> Gateway:
    return parse_gateway(parse_maker(f'[maker]\nname = "Example"\n{text}', Path("/maker")))


def _route(line: str, extra: str = "") -> str:
    key = line.split(" = ")[0]
    kept = [known for known in ROUTE.splitlines() if not known.startswith(f"{key} = ")]
    return "\n".join([*kept, line, extra])


def test_defaults_let_little_through() -> None:
    gateway = _parse(ROUTE)
    assert str(gateway.listen) == "127.0.0.1:8443"
    assert gateway.name == ""
    route = gateway.routes["weather"]
    assert route.methods == ("GET",)
    assert route.roots is None
    assert not route.allow_private
    assert (route.max_body_bytes, route.timeout_seconds) == (1 << 20, 30)
    assert str(route.upstream) == "https://api.example.test"
    assert route.upstream.port == 443


def test_no_table_means_no_routes() -> None:
    assert _parse("").routes == {}


def test_a_full_route() -> None:
    gateway = _parse(
        """
[gateway]
listen = "[::1]:9443"
name = "gateway.example.test"
[gateway.groups]
lab = ["lab-1", "lab-2"]
[[gateway.routes]]
alias = "a-1"
upstream = "http://[::1]:8080/v1/"
methods = ["GET", "POST"]
devices = ["x-*", "@lab", "lab-1"]
roots = "outside/roots.pem"
allow_private = true
max_body_bytes = 0
timeout_seconds = 5
[gateway.routes.headers]
Accept = "application/json"
[gateway.routes.secret_headers]
Authorization = "service/key"
"""
    )
    assert str(gateway.listen) == "[::1]:9443"
    route = gateway.routes["a-1"]
    assert str(route.upstream) == "http://[::1]:8080/v1"
    assert route.upstream.authority == "[::1]:8080"
    assert route.devices == ("x-*", "lab-1", "lab-2")
    assert route.roots == Path("/maker/outside/roots.pem")
    assert route.headers == (("Accept", "application/json"),)
    assert route.secret_headers == (("Authorization", "service/key"),)


MISTAKES = {
    "unknown key": ('[gateway]\nlissen = "a:1"', "did you mean 'listen'"),
    "unknown key of a route": (_route("aliass = 1"), "did you mean 'alias'"),
    "no alias": (ROUTE.replace('alias = "weather"', ""), "add alias"),
    "no devices": (ROUTE.replace('devices = ["*"]', ""), "add devices"),
    "listen without port": ('[gateway]\nlisten = "localhost"', "write it like"),
    "listen with a port too high": ('[gateway]\nlisten = "localhost:65536"', "write it like"),
    "listen with bare IPv6": ('[gateway]\nlisten = "::1:80"', "[::1]:8443"),
    "a name with capitals": ('[gateway]\nname = "Gateway!"', "small letters"),
    "an alias with a slash": (_route('alias = "a/b"'), "small letters"),
    "the same alias twice": (ROUTE + ROUTE, "name of its own"),
    "another scheme": (_route('upstream = "ftp://a.example.test"'), "write https://"),
    "a user in the upstream": (_route('upstream = "https://u:p@a.example.test"'), "write https://"),
    "a query in the upstream": (_route('upstream = "https://a.example.test/?a"'), "write https://"),
    "no host": (_route('upstream = "https:///a"'), "write https://"),
    "a port of letters": (_route('upstream = "https://a.example.test:b"'), "write https://"),
    "port 0": (_route('upstream = "https://a.example.test:0"'), "write https://"),
    "a scoped address": (_route('upstream = "https://[fe80::1%25a]"'), "write https://"),
    "dots in the prefix": (_route('upstream = "https://a.example.test/../b"'), "write https://"),
    "the clear outside": (_route('upstream = "http://a.example.test"'), "allow_private"),
    "a method that echoes": (_route('methods = ["TRACE"]'), "choose from GET"),
    "a pattern with spaces": (_route('devices = ["a b"]'), "write ids like"),
    "an unknown group": (
        '[gateway.groups]\noutdoor = ["a"]\n' + _route('devices = ["@outdor"]'),
        'did you mean "@outdoor"',
    ),
    "a group without groups": (_route('devices = ["@a"]'), "add it to [gateway.groups]"),
    "a group within a group": ('[gateway.groups]\na = ["@b"]\n' + ROUTE, "groups only in a route"),
    "a body below nothing": (_route("max_body_bytes = -1"), "choose 0 to"),
    "no time": (_route("timeout_seconds = 0"), "choose 1 to"),
    "truth as a number": (_route("timeout_seconds = true"), "a whole number"),
    "Host as a header": (_route("", '[gateway.routes.headers]\nHost = "a"'), "no header that"),
    "a hop header": (_route("", '[gateway.routes.headers]\nTE = "a"'), "no header that"),
    "the device's header": (
        _route("", '[gateway.routes.secret_headers]\nrootlet-device = "a"'),
        "no header that",
    ),
    "an underscore": (_route("", '[gateway.routes.headers]\nX_A = "a"'), "letters, digits"),
    "a line end in a value": (
        _route("", '[gateway.routes.headers]\nX-A = "a\\r\\nB: c"'),
        "visible ASCII",
    ),
    "a secret elsewhere": (
        _route("", '[gateway.routes.secret_headers]\nX-A = "../root/root.key"'),
        "write the secret to a file",
    ),
    "a secret of another kind": (
        _route("", '[gateway.routes.secret_headers]\nX-A = "file:weather"'),
        "write the secret to a file",
    ),
    "a secret of no name": (
        _route("", '[gateway.routes.secret_headers]\nX-A = "credential:../key"'),
        "write the secret to a file",
    ),
    "a path without a slash": (_route('paths = ["now"]'), "follows the alias"),
    "a path of dots": (_route('paths = ["/a/../b"]'), "follows the alias"),
    "no path": (_route('paths = [""]'), "follows the alias"),
    "a path with a query": (_route('paths = ["/a?b"]'), "follows the alias"),
    "a path that is not ASCII": (_route('paths = ["/ü"]'), "follows the alias"),
    "too many requests": (_route("per_minute = 1000001"), "choose 0 to"),
    "a secret at the top": (
        _route("", '[gateway.routes.secret_headers]\nX-A = "/etc/passwd"'),
        "write the secret to a file",
    ),
    "a header set twice": (
        _route(
            "",
            '[gateway.routes.headers]\nX-A = "a"\n[gateway.routes.secret_headers]\nx-a = "b"',
        ),
        "keep it in",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_what_to_write_instead(case: str) -> None:
    text, hint = MISTAKES[case]
    with pytest.raises(Misuse) as caught:
        _parse(text)
    assert hint in caught.value.hint
    assert "gateway" in caught.value.message


def test_the_option_is_named_in_an_address_error() -> None:
    with pytest.raises(Misuse, match="--listen"):
        parse_address("nowhere", where="--listen")
