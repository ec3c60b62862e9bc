"""Watching one connection: what the report says."""

from __future__ import annotations

from pathlib import Path

import pytest

from rootlet.device import TlsClient
from rootlet.device.probe import CertificateSeen, Probe
from support.authority import NAME, Authority
from support.conversation import device
from support.memory_server import MemoryServer


def watch(client: TlsClient, server: MemoryServer, *, close: bool = True) -> Probe:
    """The conversation that the probe command has, without a socket."""
    probe = Probe(client)
    to_server = probe.to_send()
    tick = 0.0
    while to_server and (for_client := server.exchange(to_server)):
        tick += 0.25
        to_server = probe.receive(for_client, at=tick)
    if close and client.writable:
        server.exchange(probe.close())
        probe.receive(server.close(), at=tick + 0.25)
    client.receive_end()
    return probe


def damaged(der: bytes, how: str) -> bytes:
    """A certificate that pyca/cryptography cannot show."""
    if how == "not DER":
        return b"\x30\x03abc"
    if how == "version 9":
        return der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08", 1)
    return der.replace(b"\x55\x1d\x25", b"\x55\x1d\x11", 1)  # extended key usage renamed


def test_an_accepted_server(authority: Authority, tmp_path: Path) -> None:
    server = MemoryServer(authority, tmp_path)
    report = watch(device(authority), server).report()
    assert report.accepted
    assert (report.status, report.alert_received) == ("OK", None)
    assert report.round_trips == 1
    assert report.ticks == (0.25, 0.5)
    assert report.bytes_received == sum(report.records_received)
    assert max(report.records_received) <= 534
    assert report.bytes_sent > 150
    leaf, issuing = report.chain
    assert leaf.names == (NAME, "127.0.0.1")
    assert leaf.subject == "CN=server"
    assert leaf.size == len(server.chain[0])
    assert leaf.not_before is not None
    assert leaf.not_before.timestamp() == authority.seconds - 3600
    assert issuing.names == ()
    assert issuing.serial == f"{authority.issuing.certificate.serial_number:x}"


def test_a_refused_server_shows_its_chain_all_the_same(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority.today(name="Stranger")
    server = MemoryServer(authority, tmp_path)
    report = watch(device(stranger), server).report()
    assert not report.accepted
    assert report.status == "ERR_X509_UNKNOWN_ISSUER"
    assert report.text == "no path leads to the bundled root"
    assert [seen.size for seen in report.chain] == [len(der) for der in server.chain]
    assert report.round_trips == 1


def test_an_end_before_ours_is_a_failure(authority: Authority, tmp_path: Path) -> None:
    report = watch(device(authority), MemoryServer(authority, tmp_path), close=False).report()
    assert not report.accepted
    assert report.status == "ERR_TLS_TRUNCATED"


def test_an_end_without_close_notify_after_ours_is_none(
    authority: Authority, tmp_path: Path
) -> None:
    server, client = MemoryServer(authority, tmp_path), device(authority)
    probe = Probe(client)
    probe.receive(server.exchange(probe.to_send()), at=0.1)
    assert client.connected
    probe.close()
    client.receive_end()
    assert probe.report().accepted


def test_an_alert_is_reported(authority: Authority) -> None:
    client = device(authority)
    probe = Probe(client)
    probe.to_send()
    assert probe.receive(bytes.fromhex("15030300020228"), at=0.1) == b""
    report = probe.report()
    assert (report.status, report.alert_received) == ("ERR_TLS_ALERT_RECEIVED", 40)
    assert report.records_received == (7,)
    assert report.chain == ()


def test_application_data_is_read_past(authority: Authority, tmp_path: Path) -> None:
    server, client = MemoryServer(authority, tmp_path), device(authority)
    probe = Probe(client)
    server.exchange(probe.receive(server.exchange(probe.to_send()), at=0.1))
    probe.receive(server.write(b"unasked " * 500), at=0.2)
    server.exchange(probe.close())
    probe.receive(server.close(), at=0.3)
    assert probe.report().accepted


@pytest.mark.parametrize("damage", ["not DER", "two alternative names", "version 9"])
def test_a_certificate_that_cannot_be_read_is_shown_by_its_size(
    damage: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    der = damaged(authority.server().der, damage)
    monkeypatch.setattr("rootlet.device.probe.server_chain", lambda *_: [der])
    assert Probe(device(authority)).report().chain == (CertificateSeen(size=len(der)),)
