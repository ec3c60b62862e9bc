"""Every server, real, with what rootlet writes for it: checked, talked to, renewed."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.agent.server_control import ServerControl
from rootlet.ca import RevocationStore, issued_folder, open_records, root_path, write_crls
from rootlet.cli.check import read_anchor
from rootlet.cli.probe import read_identity
from rootlet.device import FULL_RECORD_BYTES, RECORD_BYTES, TlsClient
from rootlet.maker import Maker
from rootlet.pki import Kind, Reason, certificate_from_pem
from rootlet.profile import PROFILE_NAMES
from rootlet.servers import ClientAuth
from rootlet.servers.checkup.s_client_serve import MQTT_CONNECT
from support.commands import Run
from support.conversation import Conversation
from support.exchanges import Exchanges, going_on, idle
from support.live_servers import KINDS, NAME, LiveServer, ServerKind, live_server
from support.makers import deliver_device, deliver_server, made_maker
from support.server_table import labels, recorded

HANDSHAKES = 150
BEFORE = 40
WAIT_SECONDS = 20.0
LARGE_RECORDS = {"caddy-2.6", "caddy-2.11", "traefik", "envoy"}
"""Their devices need a receive buffer for whole records: docs/servers.md."""

WITH_GAP = {"lighttpd", "stunnel", "caddy-2.6", "caddy-2.11", "hitch"}


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Maker]:
    found = {}
    for profile in PROFILE_NAMES:
        found[profile] = made_maker(tmp_path_factory.mktemp(profile) / "mine", profile)
        deliver_server(found[profile], NAME)
        deliver_device(found[profile], "sensor-1")
    return found


def device_of(maker: Maker) -> Path:
    return issued_folder(maker.folder, Kind.DEVICE, "sensor-1")


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.label)
def test_the_check_says_what_the_documentation_does(
    kind: ServerKind, profile: str, makers: dict[str, Maker], application: str, run: Run
) -> None:
    maker = makers[profile]
    with live_server(kind, maker, application) as live:
        found = labels(live, device_of(maker), run)
    assert found == recorded(kind, profile)


NOT_REQUIRED = [
    (kind, auth)
    for kind in KINDS
    for auth in (ClientAuth.OPTIONAL, ClientAuth.OFF)
    if not (kind.writer.not_optional and auth is ClientAuth.OPTIONAL)
]
WITHOUT_DEVICES = {"caddy-2.11": {"tickets": "works but not exclusive"}}
"""What is different where no certificate is asked for: Caddy sends tickets again."""


@pytest.mark.parametrize(
    ("kind", "auth"), NOT_REQUIRED, ids=[f"{kind.label}-{auth}" for kind, auth in NOT_REQUIRED]
)
def test_devices_may_stay_unnamed_where_that_is_wanted(
    kind: ServerKind, auth: ClientAuth, makers: dict[str, Maker], application: str, run: Run
) -> None:
    maker = makers["c25519"]
    with live_server(kind, maker, application, auth=auth) as live:
        found = labels(live, device_of(maker), run, client_auth=auth)
    wanted = recorded(kind, "c25519")
    if auth is ClientAuth.OFF:
        wanted = {**wanted, "signature": "enforced", **WITHOUT_DEVICES.get(kind.label, {})}
    assert found == wanted


CHECKING = [kind for kind in KINDS if kind.writer.checks_crl]


@pytest.mark.parametrize("kind", CHECKING, ids=lambda kind: kind.label)
def test_a_revoked_device_is_turned_away_and_no_other(
    kind: ServerKind, application: str, tmp_path: Path
) -> None:
    maker, now = made_maker(tmp_path / "mine"), datetime.now(UTC)
    deliver_server(maker, NAME)
    for name in ("sensor-1", "stolen-1"):
        deliver_device(maker, name)
    with open_records(maker) as records:
        serials = [record.serial for record in records.named("stolen-1")]
        RevocationStore(records).add(serials, Reason.KEY_COMPROMISE, now)
        write_crls(maker, records, now=now)
    with live_server(kind, maker, application) as live:
        assert live.settings.crl is not None
        good = Exchanges(live, device_of(maker))
        bad = Exchanges(live, issued_folder(maker.folder, Kind.DEVICE, "stolen-1"))
        good.once(good.context())
        bad.once(bad.context())
    assert good.cut == []
    assert bad.cut != []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.label)
def test_a_device_completes_a_request(
    kind: ServerKind, makers: dict[str, Maker], application: str
) -> None:
    """By the device library itself, with its own certificate."""
    maker = makers["c25519"]
    files, now = device_of(maker), int(time.time())
    large = kind.label in LARGE_RECORDS
    client = TlsClient(
        anchors=[read_anchor(root_path(maker.folder))],
        host=NAME,
        earliest=now,
        latest=now,
        identity=read_identity(files / "cert.pem", files / "key.pem"),
        in_bytes=FULL_RECORD_BYTES if large else RECORD_BYTES,
        tolerate_no_limit=large,
    )
    with live_server(kind, maker, application) as live, Conversation(client, live.port) as talk:
        assert talk.handshake().status == "OK", live.log()
        if kind.kind == "mosquitto":
            assert talk.ask(MQTT_CONNECT, ends_with=b"\x20\x02\x00\x00")
        else:
            request = f"GET / HTTP/1.1\r\nHost: {NAME}\r\nRootlet-Device: someone-else\r\n\r\n"
            answer = talk.ask(request.encode(), ends_with=TOLD[kind.label])
            assert answer.startswith(b"HTTP/1."), answer
        talk.close()


NAMED, UNNAMED, BELIEVED = b"device=['sensor-1']", b"device=None", b"device=['someone-else']"
TOLD = {
    **dict.fromkeys(("nginx", "apache", "haproxy", "caddy-2.6", "caddy-2.11", "envoy"), NAMED),
    **dict.fromkeys(("lighttpd", "traefik"), UNNAMED),
    **dict.fromkeys(("stunnel", "hitch"), BELIEVED),
    "python": b"hello",
}
"""What the application is told of who asks: the last two hand on bytes, as their files say."""


def control(live: LiveServer) -> ServerControl:
    root = certificate_from_pem(root_path(live.maker.folder).read_bytes(), what="root")
    writer = live.kind.writer
    return ServerControl(writer, live.config, live.settings.listen, NAME, root, WAIT_SECONDS)


def wait_for(exchanges: Exchanges, count: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while exchanges.done < count:
        assert time.monotonic() < deadline, exchanges.failures
        time.sleep(0.01)


@pytest.fixture
def own_program(kind: ServerKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent finds programs by PATH: this kind's first."""
    folder = Path(kind.program).parent
    if folder.is_absolute():
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


RENEWED = [kind for kind in KINDS if kind.kind != "openssl" and kind.label not in WITH_GAP]


@pytest.mark.usefixtures("own_program")
@pytest.mark.parametrize("kind", RENEWED, ids=lambda kind: kind.label)
def test_no_handshake_fails_while_the_certificate_is_replaced(
    kind: ServerKind, application: str, tmp_path: Path
) -> None:
    """By what the agent does, while one connection stays open."""
    maker = made_maker(tmp_path / "mine")
    deliver_server(maker, NAME)
    deliver_device(maker, "sensor-1")
    device = device_of(maker)
    assert kind.writer.gap == ""
    with (
        live_server(kind, maker, application) as live,
        idle(live, device),
        going_on(live, device) as exchanges,
    ):
        wait_for(exchanges, BEFORE)
        serial = deliver_server(maker, NAME).certificate.serial_number
        control(live).check()
        control(live).reload()
        control(live).confirm(serial)
        wait_for(exchanges, max(HANDSHAKES, exchanges.done + BEFORE))
    assert exchanges.failures == []
    assert exchanges.cut == []
    assert exchanges.done >= HANDSHAKES


@pytest.mark.usefixtures("own_program")
@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind.label in WITH_GAP - {"lighttpd"}],
    ids=lambda kind: kind.label,
)
def test_a_server_with_a_gap_takes_up_a_certificate_and_goes_on(
    kind: ServerKind, application: str, tmp_path: Path
) -> None:
    """A connection that comes in at that moment may be reset; lighttpd has its own test."""
    maker = made_maker(tmp_path / "mine")
    deliver_server(maker, NAME)
    deliver_device(maker, "sensor-1")
    with live_server(kind, maker, application) as live:
        serial = deliver_server(maker, NAME).certificate.serial_number
        control(live).check()
        control(live).reload()
        control(live).confirm(serial)


def test_lighttpd_still_stops_to_answer_while_a_connection_is_open(
    makers: dict[str, Maker], application: str
) -> None:
    """Why the agent refuses it: when this fails, lighttpd has learned better."""
    kind = next(kind for kind in KINDS if kind.label == "lighttpd")
    maker = makers["c25519"]
    with live_server(kind, maker, application) as live, idle(live, device_of(maker)):
        live.reload()
        deadline = time.monotonic() + WAIT_SECONDS
        while control(live).look().serial is not None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert "until the last open connection has ended" in kind.writer.gap
