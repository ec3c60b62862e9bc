"""The two verifiers, Python's and the device's: the same verdict on every reply."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.errors import Misuse
from rootlet.roughtime import build_request, raw_public_key
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode, decode_packet, encode_packet
from support.roughtime import (
    CHANGED,
    KEY,
    LONG_TERM,
    NONCE,
    NOW,
    ONLINE,
    REQUEST,
    Reply,
    appendix_b,
    number,
    packet,
    report_exchanges,
    spell,
)
from support.roughtime_verdicts import Verdict, by_both, by_device, by_python

EXAMPLES = 150

GOOD = (NOW, 3, 1)
FULL = 0xFFFFFFFF
END = 2**64 - 1
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
Verifier = Callable[..., Verdict]
both = pytest.mark.parametrize("verifier", [by_python, by_device])


@both
@pytest.mark.parametrize("place", range(3))
def test_the_rfcs_own_example_needs_the_drafts_texts(verifier: Verifier, place: int) -> None:
    request, response, key = report_exchanges(appendix_b())[place]
    assert verifier(request, response, key) == "ERR_ROUGHTIME_DELEGATION"
    midpoint = (1773685571, 1773599171, 1773599171)[place]
    assert verifier(request, response, key, appendix_b=True) == (midpoint, 3, 1)


@both
@pytest.mark.parametrize("opted_in", [False, True])
def test_each_version_has_its_own_texts(verifier: Verifier, opted_in: bool) -> None:
    """The drafts' texts for version 1 hold when asked for, and then only those do."""
    refused = "ERR_ROUGHTIME_DELEGATION"
    small, capital = Reply().to(), Reply(appendix_b=True).to()
    drafts = Reply(version=p.VERSION_DRAFT).to()
    assert verifier(REQUEST, small, KEY, appendix_b=opted_in) == (refused if opted_in else GOOD)
    assert verifier(REQUEST, capital, KEY, appendix_b=opted_in) == (GOOD if opted_in else refused)
    expected = (NOW, 3, p.VERSION_DRAFT)
    assert verifier(REQUEST, drafts, KEY, appendix_b=opted_in) == expected


def signed_as(version: int, reply_version: int) -> bytes:
    """SREP names one version, the signatures are made with another's texts."""
    return Reply(version=version, srep={p.VER: number(reply_version)}).to()


ACCEPTED = {
    "plain": (Reply(), GOOD),
    "the drafts' version": (Reply(version=p.VERSION_DRAFT), (NOW, 3, p.VERSION_DRAFT)),
    "only version in VERS": (Reply(srep={p.VERS: number(1)}), GOOD),
    "more in VERS": (Reply(srep={p.VERS: b"".join(map(number, range(1, 33)))}), GOOD),
    "largest radius": (Reply(srep={p.RADI: number(FULL)}), (NOW, FULL, 1)),
    "midpoint at MINT": (Reply(dele={p.MINT: number(NOW, 8)}), GOOD),
    "midpoint at MAXT": (Reply(dele={p.MAXT: number(NOW, 8)}), GOOD),
    "window without bounds": (
        Reply(dele={p.MINT: number(0, 8), p.MAXT: number(END, 8)}),
        GOOD,
    ),
    "the beginning of time": (
        Reply(srep={p.MIDP: number(0, 8)}, dele={p.MINT: number(0, 8)}),
        (0, 3, 1),
    ),
    "the end of time": (
        Reply(srep={p.MIDP: number(END, 8)}, dele={p.MAXT: number(END, 8)}),
        (END, 3, 1),
    ),
    "unknown tags everywhere": (
        Reply(
            response={p.tag("AAAA"): b"abcd", p.tag("ZZZY"): b"odd", p.tag("B"): b"wxyz"},
            srep={p.tag("AAAA"): b"abcd", p.tag("ZZZY"): b"efgh"},
            cert={p.tag("AAAA"): b"abcd", p.tag("ZZZY"): b""},
            dele={p.tag("AAAA"): b"abcd", p.tag("ZZZY"): b""},
        ),
        GOOD,
    ),
}


@pytest.mark.parametrize("reply", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(reply: tuple[Reply, Verdict]) -> None:
    assert by_both(REQUEST, reply[0].to()) == reply[1]


def wrong_sizes() -> dict[str, tuple[bytes, str]]:
    """Every mandatory tag: missing, empty, a word short, a word long."""
    sized = {
        "response": (p.SIG, p.NONC, p.TYPE, p.PATH, p.SREP, p.CERT, p.INDX),
        "srep": (p.VER, p.RADI, p.MIDP, p.VERS, p.ROOT),
        "cert": (p.SIG, p.DELE),
        "dele": (p.PUBK, p.MINT, p.MAXT),
    }
    lengths = {p.SIG: 64, p.TYPE: 4, p.VER: 4, p.RADI: 4, p.INDX: 4}
    lengths |= {p.MIDP: 8, p.MINT: 8, p.MAXT: 8, p.PATH: 0}
    cases = {}
    for message, tags in sized.items():
        for tag in tags:
            name = f"{message} {p.tag_name(tag)}"
            length = lengths.get(tag, 32)
            cases[f"{name} missing"] = (CHANGED[message]({tag: None}).to(), "TAG")
            if tag in {p.SREP, p.CERT, p.DELE}:
                cases[f"{name} empty"] = (CHANGED[message]({tag: b""}).to(), "MESSAGE")
                continue
            if tag != p.PATH:
                cases[f"{name} empty"] = (CHANGED[message]({tag: b""}).to(), "TAG")
            if tag != p.VERS:
                long = bytes(length + 4)
                cases[f"{name} long"] = (CHANGED[message]({tag: long}).to(), "TAG")
            if length > 4:
                short = bytes(length - 4)
                cases[f"{name} short"] = (
                    CHANGED[message]({tag: short}).to(),
                    "VERSION" if tag == p.VERS else "TAG",
                )
    return cases


REFUSED = {
    "empty": (b"", "PACKET"),
    "magic": (b"roughtim" + Reply().to()[8:], "PACKET"),
    "the request itself": (REQUEST, "TAG"),
    "message of one word": (packet(number(1)), "MESSAGE"),
    **wrong_sizes(),
    "PATH of 33 nodes": (Reply(response={p.PATH: bytes(33 * 32)}).to(), "TAG"),
    "VERS of 33": (Reply(srep={p.VERS: b"".join(map(number, range(1, 34)))}).to(), "TAG"),
    "SREP malformed": (Reply(response={p.SREP: spell([(2, b""), (1, b"")])}).to(), "MESSAGE"),
    "CERT malformed": (Reply(response={p.CERT: spell([(2, b""), (1, b"")])}).to(), "MESSAGE"),
    "DELE malformed": (Reply(cert={p.DELE: spell([(2, b""), (1, b"")])}).to(), "MESSAGE"),
    "TYPE of a request": (Reply(response={p.TYPE: number(0)}).to(), "TYPE"),
    "TYPE unknown": (Reply(response={p.TYPE: number(0x101)}).to(), "TYPE"),
    "nonce of another": (Reply().to(nonce=bytes(32)), "NONCE"),
    "version not offered": (Reply(srep={p.VER: number(2), p.VERS: number(2)}).to(), "VERSION"),
    "version not in VERS": (Reply(srep={p.VERS: number(p.VERSION_DRAFT)}).to(), "VERSION"),
    "VERS descends": (
        Reply(srep={p.VERS: number(p.VERSION_DRAFT) + number(1)}).to(),
        "VERSION",
    ),
    "VERS repeats": (Reply(srep={p.VERS: number(1) * 2}).to(), "VERSION"),
    "VERS with the reserved one": (Reply(srep={p.VERS: number(0) + number(1)}).to(), "VERSION"),
    "radius zero": (Reply(srep={p.RADI: number(0)}).to(), "RADIUS"),
    "before MINT": (Reply(dele={p.MINT: number(NOW + 1, 8)}).to(), "WINDOW"),
    "after MAXT": (Reply(dele={p.MAXT: number(NOW - 1, 8)}).to(), "WINDOW"),
    "before MINT, high word": (Reply(dele={p.MINT: number(1 << 32, 8)}).to(), "WINDOW"),
    "after MAXT, high word": (Reply(srep={p.MIDP: number(1 << 40, 8)}).to(), "WINDOW"),
    "root of another": (Reply(srep={p.ROOT: bytes(32)}).to(), "MERKLE"),
    "INDX without PATH": (Reply(response={p.INDX: number(1)}).to(), "MERKLE"),
    "PATH that leads elsewhere": (Reply(response={p.PATH: bytes(32)}).to(), "MERKLE"),
    "delegation by a stranger": (Reply(long_term=STRANGER).to(), "DELEGATION"),
    "delegation not signed": (Reply(cert={p.SIG: bytes(64)}).to(), "DELEGATION"),
    "delegation to a stranger": (
        Reply(dele={p.PUBK: raw_public_key(STRANGER)}).to(),
        "SIGNATURE",
    ),
    "signed by the long-term key": (Reply(online=LONG_TERM).to(), "SIGNATURE"),
    "not signed": (Reply(response={p.SIG: bytes(64)}).to(), "SIGNATURE"),
    "drafts' texts for version 1": (signed_as(p.VERSION_DRAFT, p.VERSION_1), "DELEGATION"),
    "version 1's texts for the drafts": (signed_as(p.VERSION_1, p.VERSION_DRAFT), "DELEGATION"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case: tuple[bytes, str]) -> None:
    response, status = case
    assert by_both(REQUEST, response) == f"ERR_ROUGHTIME_{status}"


def test_each_signature_has_its_own_text() -> None:
    """A delegation signed as a response was, and the other way round."""
    values = decode_packet(Reply().to())
    cert = decode(values[p.CERT])
    crossed = LONG_TERM.sign(p.response_context(1) + cert[p.DELE])
    response = Reply(cert={p.SIG: crossed}).to()
    assert by_both(REQUEST, response) == "ERR_ROUGHTIME_DELEGATION"
    crossed = ONLINE.sign(p.delegation_context(1) + values[p.SREP])
    response = Reply(response={p.SIG: crossed}).to()
    assert by_both(REQUEST, response) == "ERR_ROUGHTIME_SIGNATURE"


@both
def test_a_key_of_another_size_is_misuse_or_refused(verifier: Verifier) -> None:
    if verifier is by_device:
        with pytest.raises(Misuse):
            verifier(REQUEST, Reply().to(), KEY[:31])
    else:
        assert verifier(REQUEST, Reply().to(), KEY[:31]) == "ERR_ROUGHTIME_DELEGATION"


def test_cut_short_at_every_byte_and_with_garbage_behind() -> None:
    response = Reply().to()
    for length in range(len(response)):
        assert by_both(REQUEST, response[:length]) == "ERR_ROUGHTIME_PACKET"
    for behind in (b"\0", b"abcd", response):
        assert by_both(REQUEST, response + behind) == "ERR_ROUGHTIME_PACKET"
    message = response[12:]
    for length in range(len(message)):
        verdict = by_both(REQUEST, packet(message[:length]))
        assert verdict in {"ERR_ROUGHTIME_MESSAGE", "ERR_ROUGHTIME_TAG"}


def test_every_byte_counts() -> None:
    response = Reply().to()
    refused = set()
    for place in range(len(response)):
        for flip in (0x01, 0x80):
            spoiled = bytearray(response)
            spoiled[place] ^= flip
            verdict = by_both(REQUEST, bytes(spoiled))
            assert isinstance(verdict, str), place
            refused.add(verdict.removeprefix("ERR_ROUGHTIME_"))
    assert refused >= {"PACKET", "MESSAGE", "TAG", "TYPE", "NONCE", "VERSION", "WINDOW", "MERKLE"}
    assert refused >= {"DELEGATION", "SIGNATURE"}


def test_every_byte_of_the_request_counts() -> None:
    response = Reply().to()
    for place in [*range(140), *range(140, len(REQUEST), 97)]:
        spoiled = bytearray(REQUEST)
        spoiled[place] ^= 0x04
        verdict = by_both(bytes(spoiled), response)
        assert isinstance(verdict, str), place


edits = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=4
)


def edited(whole: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, length, new in changes:
        place %= len(whole) + 1
        whole = whole[:place] + new + whole[place + length :]
    return whole


@settings(max_examples=EXAMPLES)
@given(edits, st.booleans())
def test_the_same_verdict_on_edited_replies(
    changes: list[tuple[int, int, bytes]], fitted: bool
) -> None:
    spoiled = edited(Reply().to(), changes)
    by_both(REQUEST, packet(spoiled[12:]) if fitted else spoiled)


@settings(max_examples=EXAMPLES)
@given(edits, st.sampled_from(["response", "srep", "cert", "dele"]), st.integers(0, 20))
def test_the_same_verdict_on_edited_values(
    changes: list[tuple[int, int, bytes]], where: str, which: int
) -> None:
    """Values spoiled before they are signed: what a hostile server can do."""
    values = decode_packet(Reply().to())
    parts = {"response": values, "srep": decode(values[p.SREP]), "cert": decode(values[p.CERT])}
    parts["dele"] = decode(parts["cert"][p.DELE])
    tag, value = list(parts[where].items())[which % len(parts[where])]
    response = CHANGED[where]({tag: edited(value, changes)}).to()
    by_both(REQUEST, response)


@settings(max_examples=EXAMPLES)
@given(edits, st.booleans())
def test_the_same_verdict_on_edited_requests(
    changes: list[tuple[int, int, bytes]], fitted: bool
) -> None:
    spoiled = edited(REQUEST[:200], changes)
    request = packet(spoiled[12:]) if fitted else spoiled
    by_both(request, Reply().to(request))


REQUESTS = {
    "1024 bytes": build_request(NONCE, KEY, size=1024),
    "1400 bytes": build_request(NONCE, KEY, size=1400),
    "not padded": build_request(NONCE, KEY, size=128),
    "one version": build_request(NONCE, KEY, versions=(1,)),
    "32 versions": build_request(NONCE, KEY, versions=tuple(range(1, 33))),
    "no SRV, no ZZZZ": encode_packet({p.VER: number(1), p.NONC: NONCE, p.TYPE: number(0)}),
    "unknown tags": encode_packet(
        {p.tag("AAA"): b"", p.VER: number(1), p.NONC: NONCE, p.tag("ZZZY"): b"abcd"}
    ),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_any_well_formed_request(request_: bytes) -> None:
    assert by_both(request_, Reply().to(request_)) == GOOD
    other = Reply(version=p.VERSION_DRAFT).to(request_)
    offered = number(p.VERSION_DRAFT) in decode_packet(request_)[p.VER]
    expected = (NOW, 3, p.VERSION_DRAFT) if offered else "ERR_ROUGHTIME_VERSION"
    assert by_both(request_, other) == expected


BAD_REQUESTS = {
    "empty": b"",
    "garbage": b"garbage" * 100,
    "cut": REQUEST[:-1],
    "longer": REQUEST + b"\0",
    "no nonce": encode_packet({p.VER: number(1), p.TYPE: number(0)}),
    "short nonce": encode_packet({p.VER: number(1), p.NONC: NONCE[:28]}),
    "no version": encode_packet({p.NONC: NONCE, p.TYPE: number(0)}),
    "no versions": encode_packet({p.VER: b"", p.NONC: NONCE}),
    "33 versions": encode_packet({p.VER: b"".join(map(number, range(1, 34))), p.NONC: NONCE}),
    "tags descend": packet(spell([(p.NONC, NONCE), (p.VER, number(1))])),
}


@pytest.mark.parametrize("request_", BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_malformed_requests(request_: bytes) -> None:
    assert by_both(request_, Reply().to(request_)) == "ERR_ROUGHTIME_REQUEST"


@pytest.mark.parametrize("version", [2, 0x8000000B, 0xFFFFFFFF])
def test_a_version_that_is_offered_but_not_spoken(version: int) -> None:
    """Its texts are unknown, so nothing it signs can be checked."""
    request = build_request(NONCE, KEY, versions=(1, version))
    response = Reply(version=version, srep={p.VERS: number(1) + number(version)}).to(request)
    assert by_both(request, response) == "ERR_ROUGHTIME_VERSION"


def test_versions_offered_out_of_order_are_not_offered() -> None:
    request = encode_packet({p.VER: number(p.VERSION_DRAFT) + number(1), p.NONC: NONCE})
    assert by_both(request, Reply().to(request)) == "ERR_ROUGHTIME_VERSION"
