"""Host names and addresses, against a reference that splits labels."""

from __future__ import annotations

import re
from ipaddress import ip_address

from _rootlet_device import ffi, lib
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rootlet.device import Host, status_name
from support.x509.der import tlv
from support.x509.draft import dns

LABEL = st.text("abAB1-", min_size=1, max_size=3)
HOSTS = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
PATTERNS = st.lists(LABEL | st.sampled_from(["*", "a*", "", "**"]), max_size=4).map(".".join)

USABLE_LABEL = re.compile(r"[a-zA-Z0-9-]{1,63}")


def configured(host: Host | bytes) -> tuple[object, list[object]]:
    raw = (
        host if isinstance(host, bytes) else host.encode() if isinstance(host, str) else host.packed
    )
    buffer = ffi.from_buffer(raw)
    config = ffi.new("rootlet_x509_config *")
    config.host, config.host_length = buffer, len(raw)
    config.host_is_address = not isinstance(host, str)
    return config, [buffer, raw]


def match(names: bytes, host: Host) -> str:
    """The status for the contents of a subjectAltName."""
    config, keep = configured(host)
    buffer = ffi.from_buffer(names)
    span = ffi.new("rootlet_reader *", {"next": buffer, "left": len(names)})
    length = lib.rootlet_x509_host_length(config)
    status = status_name(lib.rootlet_x509_match_host(span, config, length))
    assert keep
    return status


def usable_length(host: Host | bytes) -> int:
    config, keep = configured(host)
    length = int(lib.rootlet_x509_host_length(config))
    assert keep
    return length


def is_usable(host: str) -> bool:
    name = host.removesuffix(".")
    labels = name.split(".")
    return (
        len(name) <= 253
        and all(USABLE_LABEL.fullmatch(label) for label in labels)
        and not (labels[-1].isascii() and labels[-1].isdigit())
    )


def is_for(pattern: str, host: str) -> bool:
    wanted = pattern.lower().split(".")
    asked = host.lower().removesuffix(".").split(".")
    if wanted[0] == "*" and len(wanted) > 1:
        return wanted[1:] == asked[1:]
    return wanted == asked


@given(PATTERNS, HOSTS, st.sampled_from(["", "."]))
@example("*.b", "a.b", "")
@example("*.b", "b", "")
def test_matches_as_the_reference(pattern: str, host: str, dot: str) -> None:
    assume(pattern)
    assume(is_usable(host))
    expected = "OK" if is_for(pattern, host) else "ERR_X509_NAME"
    assert match(dns(pattern), host + dot) == expected


@given(HOSTS, st.booleans())
def test_a_name_made_of_the_host_matches(host: str, wildcard: bool) -> None:
    assume(is_usable(host))
    first, *rest = host.swapcase().split(".")
    pattern = ".".join(["*" if rest and wildcard else first, *rest])
    assert match(dns("other.test") + dns(pattern), host) == "OK"


@given(st.text(st.characters(max_codepoint=0x7E), max_size=12) | HOSTS | PATTERNS)
@example("a." * 126 + "a")
@example("a." * 126 + "a.")
@example("a." * 127 + "a")
@example("a" * 63 + ".b")
@example("a" * 64 + ".b")
@example("1.2.3.4")
@example("1.2.3.a4")
@example("")
@example(".")
@example("a..")
def test_usable_hosts_agree_with_the_reference(host: str) -> None:
    expected = len(host.removesuffix(".")) if is_usable(host) else 0
    assert usable_length(host) == expected


@given(st.binary(max_size=17))
def test_addresses_have_4_or_16_octets(address: bytes) -> None:
    assert usable_length(address) == (len(address) if len(address) in (4, 16) else 0)


@given(st.ip_addresses(), st.ip_addresses())
def test_addresses_match_only_themselves(one: Host, other: Host) -> None:
    assert not isinstance(one, str)
    assert not isinstance(other, str)
    name = tlv(0x87, one.packed)
    assert match(name, one) == "OK"
    assert match(name, other) == ("OK" if one == other else "ERR_X509_NAME")
    assert match(dns(str(one)), one) == "ERR_X509_NAME"


@given(st.binary(max_size=40))
def test_any_bytes_end_in_a_verdict(names: bytes) -> None:
    assert match(names, "a.test") in {"OK", "ERR_X509_NAME", "ERR_X509_EXTENSION"}


def test_names_cut_at_every_byte() -> None:
    names = dns("www.test") + tlv(0x87, ip_address("192.0.2.1").packed) + dns("a.test")
    whole = {0, 10, 16, len(names)}
    for length in range(len(names) + 1):
        status = match(names[:length], "a.test")
        if length not in whole:
            assert status == "ERR_X509_EXTENSION"
        else:
            assert status == ("OK" if length == len(names) else "ERR_X509_NAME")
