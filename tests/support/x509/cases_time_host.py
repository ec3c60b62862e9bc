"""Rows 8 and 16 to 19: dates, and whom the leaf is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from support.x509.case import NOW, OK, Case
from support.x509.der import (
    alternative_names,
    generalized,
    integer,
    name,
    octets,
    oid,
    sequence,
    tlv,
    utc,
)
from support.x509.draft import HOST, ISSUING, LEAF, LEAF_USAGE, Draft, dns

__all__ = ["time_and_host_cases"]

DAY = 86_400
START, END = NOW - DAY, NOW + DAY
"""The drafts' validity."""

HIGHEST = 2**64 - 1
BEGINNING, FUTURE = utc("700101000000Z"), utc("490101000000Z")
FOREVER = generalized("99991231235959Z")


def dated(not_before: bytes, not_after: bytes) -> Draft:
    """A leaf with that validity."""
    return replace(LEAF, validity=sequence(not_before, not_after))


def interval_cases() -> Iterator[Case]:
    """Row 8: the interval against the validity."""
    for text, earliest, latest, status in (
        ("the first second", START, START, OK),
        ("the last second", END, END, OK),
        ("the whole validity", START, END, OK),
        ("a second before", START - 1, START - 1, "NOT_YET_VALID"),
        ("a second behind", END + 1, END + 1, "EXPIRED"),
        ("from a second before", START - 1, END, "NOT_YET_VALID"),
        ("to a second behind", START, END + 1, "EXPIRED"),
        ("all of time", 0, HIGHEST, "NOT_YET_VALID"),
        ("now or any later", NOW, HIGHEST, "EXPIRED"),
        ("1970", 0, 0, "NOT_YET_VALID"),
        ("the end of time", HIGHEST, HIGHEST, "EXPIRED"),
        ("2**32 seconds on", NOW + 2**32, NOW + 2**32, "EXPIRED"),
    ):
        yield Case(8, f"trusted time: {text}", status, earliest=earliest, latest=latest)
    early = replace(ISSUING, validity=sequence(BEGINNING, utc("260501235959Z")))
    yield Case(8, "an issuing CA that expired a second ago", "EXPIRED", issuing=early)
    late = replace(ISSUING, validity=sequence(utc("260502000001Z"), FUTURE))
    yield Case(8, "an issuing CA valid in a second", "NOT_YET_VALID", issuing=late)
    never = dated(utc("260503000000Z"), utc("260501000000Z"))
    yield Case(8, "a validity that ends before it begins", "NOT_YET_VALID", leaf=never)
    for text, leaf, status in (
        ("from 1970", dated(BEGINNING, FUTURE), OK),
        ("from 1950", dated(utc("500101000000Z"), FUTURE), OK),
        ("until 1969", dated(utc("500101000000Z"), utc("691231235959Z")), "EXPIRED"),
        ("until the last second of 1969", dated(BEGINNING, utc("691231235959Z")), "EXPIRED"),
        ("from the last second of 1969", dated(utc("691231235959Z"), BEGINNING), OK),
    ):
        case = Case(8, f"in 1970, a validity {text}", status, leaf=leaf, issuing=old())
        yield replace(case, earliest=0, latest=0)
    for text, leaf, second, status in (
        ("without end, in 2026", dated(BEGINNING, FOREVER), NOW, OK),
        ("without end, in its last second", dated(BEGINNING, FOREVER), 253402300799, OK),
        ("without end, a second later", dated(BEGINNING, FOREVER), 253402300800, "EXPIRED"),
        ("to the last second of 2049", dated(BEGINNING, utc("491231235959Z")), 2524607999, OK),
        ("and a second later", dated(BEGINNING, utc("491231235959Z")), 2524608000, "EXPIRED"),
        ("from 2050", dated(generalized("20500101000000Z"), FOREVER), 2524608000, OK),
        (
            "from 2050, a second early",
            dated(generalized("20500101000000Z"), FOREVER),
            2524607999,
            "NOT_YET_VALID",
        ),
    ):
        case = Case(8, f"a validity {text}", status, leaf=leaf, issuing=old())
        yield replace(case, earliest=second, latest=second)


def old() -> Draft:
    """An issuing CA that is always valid."""
    return replace(ISSUING, validity=sequence(utc("500101000000Z"), FOREVER))


def date_cases() -> Iterator[Case]:
    """Row 8: how dates are written."""
    good = {
        "29 February 2028": utc("280229000000Z"),
        "29 February 2400": generalized("24000229000000Z"),
        "the last second of a day": utc("281231235959Z"),
    }
    for text, date in good.items():
        yield Case(8, f"until {text}", OK, leaf=dated(BEGINNING, date))
    bad = {
        "29 February 2027": utc("270229000000Z"),
        "29 February 2100": generalized("21000229000000Z"),
        "30 February": utc("280230000000Z"),
        "31 April": utc("270431000000Z"),
        "32 January": utc("270132000000Z"),
        "day 0": utc("270100000000Z"),
        "month 0": utc("270001000000Z"),
        "month 13": utc("271301000000Z"),
        "hour 24": utc("270101240000Z"),
        "minute 60": utc("270101006000Z"),
        "a leap second": utc("270630235960Z"),
        "no seconds": utc("2701010000Z"),
        "an offset": utc("270101000000+0000"),
        "no zone": utc("270101000000"),
        "a small z": utc("270101000000z"),
        "a fraction": generalized("20510101000000.5Z"),
        "a fraction of zero": generalized("20510101000000.0Z"),
        "a letter": utc("27010100000OZ"),
        "a sign": utc("2701010000+1Z"),
        "a space": utc("27010100000 Z"),
        "a slash, the character before 0": utc("2701010000/0Z"),
        "a colon, the character behind 9": utc("2701010000:0Z"),
        "the year in two digits": generalized("510101000000Z"),
        "the year in four digits": utc("20270101000000Z"),
        "2049 as GeneralizedTime": generalized("20491231235959Z"),
        "1999 as GeneralizedTime": generalized("19991231235959Z"),
        "the year 0": generalized("00000101000000Z"),
        "nothing": utc(""),
        "an INTEGER": integer(270101000000),
        "the tag of another class": tlv(0x97, b"270101000000Z"),
        "a byte behind": utc("270101000000Z") + b"\x00",
        "a third date": utc("270101000000Z") + FUTURE,
        "no date": b"",
    }
    for text, date in bad.items():
        yield Case(8, f"until {text}", "DATE_ENCODING", leaf=dated(BEGINNING, date))
    for text, date in list(bad.items())[:6]:
        yield Case(8, f"from {text}", "DATE_ENCODING", leaf=dated(date, FOREVER))
    no_validity = replace(LEAF, validity=octets(b""))
    yield Case(8, "a validity that is no sequence", "DATE_ENCODING", leaf=no_validity)
    above = replace(ISSUING, validity=sequence(BEGINNING, bad["31 April"]))
    yield Case(8, "an issuing CA until 31 April", "DATE_ENCODING", issuing=above)


def named(*names: bytes) -> Draft:
    """A leaf for these GeneralNames."""
    return replace(LEAF, extensions=(alternative_names(*names), LEAF_USAGE))


def address(text: str) -> bytes:
    return tlv(0x87, ip_address(text).packed)


URI, MAIL = tlv(0x86, b"https://api.example.test/"), tlv(0x81, b"post@api.example.test")
OTHER = tlv(0xA0, oid("1.3.6.1.4.1.32473.1"), tlv(0xA0, tlv(0x0C, HOST.encode())))
DIRECTORY = tlv(0xA4, name(HOST))
REGISTERED = tlv(0x88, oid("1.3.6.1.4.1.32473.1")[2:])


def malformed_name_cases() -> Iterator[Case]:
    """Row 16."""
    wrong = {
        "no name": (),
        "an empty DNS name": (dns(""),),
        "a NUL": (dns(HOST + "\0.other.test"),),
        "a space": (dns(" "),),
        "a byte over 7E": (dns("b\xfccher.test"),),
        "a DEL": (dns("api\x7f.test"),),
        "an address of 5 octets": (tlv(0x87, bytes(5)),),
        "an address of 8 octets": (tlv(0x87, bytes(8)),),
        "a constructed DNS name": (tlv(0xA2, dns(HOST)),),
        "an IA5String": (tlv(0x16, HOST.encode()),),
        "an unknown kind": (tlv(0x89, b"x"),),
        "a primitive directory name": (tlv(0x84, name(HOST)),),
        "an empty URI": (tlv(0x86),),
        "a length that is too high": (b"\x82\x7fapi",),
        "a long length": (b"\x82\x81\x10" + HOST.encode(),),
        "a tag of two bytes": (tlv(0x9F, b"\x02x"),),
    }
    for text, names in wrong.items():
        yield Case(16, f"malformed: {text}", "EXTENSION", leaf=named(*names))
        if names:
            leaf = named(dns(HOST), *names)
            yield Case(16, f"malformed behind a match: {text}", "EXTENSION", leaf=leaf)
    no_sequence = tlv(0x30, oid("2.5.29.17"), octets(dns(HOST)))
    leaf = replace(LEAF, extensions=(no_sequence,))
    yield Case(16, "malformed: no sequence", "EXTENSION", leaf=leaf)


def host_cases() -> Iterator[Case]:
    """Rows 17 and 18."""
    for text, names, status in (
        ("in capitals", (dns("API.EXAMPLE.TEST"),), OK),
        ("second of two", (dns("www.example.test"), dns(HOST)), OK),
        ("behind other kinds", (URI, MAIL, OTHER, DIRECTORY, REGISTERED, dns(HOST)), OK),
        ("another", (dns("www.example.test"),), "NAME"),
        ("shorter", (dns("example.test"),), "NAME"),
        ("longer", (dns("x.api.example.test"),), "NAME"),
        ("its beginning", (dns("api.example.tes"),), "NAME"),
        ("with a trailing dot", (dns(HOST + "."),), "NAME"),
        ("with a leading dot", (dns(".example.test"),), "NAME"),
        ("@ for `", (dns("api@example.test"),), "NAME"),
        ("the dot's bit 5", (dns("api\x2eexample\x6etest"),), "NAME"),
        ("in a URI", (URI,), "NAME"),
        ("in a mail address", (MAIL,), "NAME"),
        ("in other kinds", (OTHER, DIRECTORY, REGISTERED), "NAME"),
        ("as a wildcard", (dns("*.example.test"),), OK),
        ("as a wildcard in capitals", (dns("*.EXAMPLE.test"),), OK),
        ("as a wildcard of two labels", (dns("*.test"),), "NAME"),
        ("as a wildcard in the middle", (dns("api.*.test"),), "NAME"),
        ("as two wildcards", (dns("*.*.test"),), "NAME"),
        ("as a part of a label", (dns("a*.example.test"),), "NAME"),
        ("as the end of a label", (dns("*i.example.test"),), "NAME"),
        ("as a wildcard alone", (dns("*"),), "NAME"),
        ("as a wildcard and a dot", (dns("*."),), "NAME"),
        ("as two stars", (dns("**.example.test"),), "NAME"),
    ):
        yield Case(18 if "*" in str(names) else 17, f"named {text}", status, leaf=named(*names))
    wild = named(dns("*.example.test"))
    yield Case(18, "a wildcard and the bare domain", "NAME", leaf=wild, host="example.test")
    yield Case(18, "a wildcard and two labels", "NAME", leaf=wild, host="a.api.example.test")
    yield Case(18, "a wildcard and an A-label", OK, leaf=wild, host="xn--bcher-kva.example.test")
    yield Case(18, "a wildcard and one label", "NAME", leaf=wild, host="api")
    common = replace(LEAF, subject=name(HOST), extensions=(LEAF_USAGE,))
    yield Case(17, "only the common name", "NAME", leaf=common)
    yield Case(17, "no extension", "NAME", leaf=replace(LEAF, tail=b""))
    long = ".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 61))
    yield Case(17, "the longest name", OK, leaf=named(dns(long)), host=long)
    yield Case(17, "the longest name with a dot", OK, leaf=named(dns(long)), host=long + ".")


def address_cases() -> Iterator[Case]:
    """Row 19."""
    four, six = ip_address("192.0.2.1"), ip_address("2001:db8::1")
    digits = named(dns("192.0.2.1"))
    letters = named(tlv(0x87, b"aaaa"))
    for text, leaf, host, status in (
        ("of 4 octets", named(address("192.0.2.1")), four, OK),
        ("of 16 octets", named(address("2001:db8::1")), six, OK),
        ("second", named(dns(HOST), address("192.0.2.1")), four, OK),
        ("another", named(address("192.0.2.2")), four, "NAME"),
        ("the mapped one", named(address("::ffff:192.0.2.1")), four, "NAME"),
        ("that is the beginning of the other", named(address("2001:db8::1")), IPV6_HEAD, "NAME"),
        ("in a DNS name", digits, four, "NAME"),
        ("in a wildcard", named(dns("*.0.2.1")), four, "NAME"),
        ("in octets of another case", letters, ip_address(b"AAAA"), "NAME"),
        ("of a star and a dot", named(tlv(0x87, b"*.ab")), ip_address(b"x.ab"), "NAME"),
        ("for a DNS name", named(address("192.0.2.1")), HOST, "NAME"),
    ):
        yield Case(19, f"an address {text}", status, leaf=leaf, host=host)
    octets_name = named(tlv(0x82, four.packed))
    yield Case(19, "an address's octets in a DNS name", "EXTENSION", leaf=octets_name, host=four)
    uri = named(tlv(0x86, b"192.0.2.1"))
    yield Case(19, "an address in a URI", "NAME", leaf=uri, host=four)


IPV6_HEAD = ip_address(ip_address("2001:db8::1").packed[:4])


def time_and_host_cases() -> Iterator[Case]:
    """Rows 8 and 16 to 19."""
    yield from interval_cases()
    yield from date_cases()
    yield from malformed_name_cases()
    yield from host_cases()
    yield from address_cases()
