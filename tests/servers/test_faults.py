"""Servers that are wrong in one way each: the check says which, and says it of no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from rootlet.ca import clients_path, issued_folder, open_authority, root_path
from rootlet.maker import Maker
from rootlet.pki import Host, Kind, Validity, chain_to_pem, generate_key, issue_server, key_to_pem
from rootlet.profile import PROFILE_NAMES
from rootlet.servers import ClientAuth
from support.commands import Done, Run
from support.live_servers import KINDS, NAME, ServerKind, live_server
from support.makers import deliver_device, deliver_server, made_maker
from support.processes import LOOPBACK

KIND = {kind.label: kind for kind in KINDS}
ONE_PROFILE = pytest.mark.parametrize("world", ["c25519"], indirect=True)
"""For faults that have nothing to do with the algorithms."""

Edit = Callable[[str], str]


@dataclass(frozen=True)
class World:
    """A maker, another one, and an application."""

    maker: Maker
    other: Maker
    application: str
    run: Run

    @property
    def device(self) -> Path:
        return issued_folder(self.maker.folder, Kind.DEVICE, "sensor-1")

    @property
    def pair(self) -> Path:
        return issued_folder(self.maker.folder, Kind.SERVER, NAME)

    def check(self, port: int, *options: object) -> Done:
        files = ("--cert", self.device / "cert.pem", "--key", self.device / "key.pem")
        return self.run(
            *("server", "check", f"{LOOPBACK}:{port}", "--maker", self.maker.folder),
            *("--name", NAME, *files, "--json", *options),
        )


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Maker, Maker]]:
    found = {}
    for profile in PROFILE_NAMES:
        folder = tmp_path_factory.mktemp(profile)
        both = made_maker(folder / "mine", profile), made_maker(folder / "other", profile)
        for maker in both:
            deliver_server(maker, NAME)
        deliver_device(both[0], "sensor-1")
        found[profile] = both
    return found


@pytest.fixture(params=PROFILE_NAMES)
def world(
    request: pytest.FixtureRequest,
    makers: dict[str, tuple[Maker, Maker]],
    application: str,
    run: Run,
) -> World:
    return World(*makers[request.param], application, run)


def swap(old: str, new: str) -> Edit:
    """Change a configuration; live_server asserts that something was changed."""
    return lambda text: text.replace(old, new)


def without(*beginnings: str) -> Edit:
    """Leave out the lines that begin so."""

    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if not line.strip().startswith(beginnings))

    return edit


CONFIGURED: dict[str, tuple[Edit, dict[str, str]]] = {
    "extra suite": (
        swap("_SHA256;", "_SHA256:TLS_AES_256_GCM_SHA384;"),
        {"suite": "works but not exclusive"},
    ),
    "TLS 1.2 on": (
        swap("ssl_protocols TLSv1.3;", "ssl_protocols TLSv1.2 TLSv1.3;"),
        {"version": "wrong"},
    ),
    "extra group": (
        swap("ssl_ecdh_curve ", "ssl_ecdh_curve secp384r1:"),
        {"group": "works but not exclusive", "retry": "works but not exclusive"},
    ),
    "no certificate required": (
        swap("ssl_verify_client on;", "ssl_verify_client optional;"),
        {"no-certificate": "wrong"},
    ),
    "any certificate": (
        swap("ssl_verify_client on;", "ssl_verify_client optional_no_ca;"),
        {"no-certificate": "wrong", "foreign": "wrong"},
    ),
    "every signature scheme": (
        without("ssl_conf_command SignatureAlgorithms", "ssl_conf_command ClientSignature"),
        {"signature": "works but not exclusive"},
    ),
    "tickets on": (
        swap("NumTickets 0", "NumTickets 2"),
        {"tickets": "works but not exclusive"},
    ),
}
"""nginx, changed, and what is not enforced any more."""


def not_enforced(done: Done) -> dict[str, str]:
    fine = {"enforced", "not checked"}
    points = {entry["point"]: entry["verdict"] for entry in done.json["points"]}
    return {point: verdict for point, verdict in points.items() if verdict not in fine}


def changes(done: Done) -> dict[str, str]:
    return {entry["point"]: entry["change"] for entry in done.json["points"] if entry["change"]}


@ONE_PROFILE
@pytest.mark.parametrize("fault", CONFIGURED)
def test_a_fault_of_the_configuration_is_told(world: World, fault: str) -> None:
    edit, wanted = CONFIGURED[fault]
    with live_server(KIND["nginx"], world.maker, world.application, edit=edit) as live:
        done = world.check(live.port)
        accepted = world.check(live.port, *(f"--accept={point}" for point in wanted))
    assert (done.code, not_enforced(done)) == (1, wanted), done.out
    assert set(changes(done)) == set(wanted)
    assert accepted.code == 0


def test_nothing_but_another_group_is_told(world: World) -> None:
    words = {"c25519": ("X25519", "prime256v1"), "p256": ("prime256v1", "X25519")}
    ours, theirs = words[world.maker.profile.name]
    edit = swap(f"ssl_ecdh_curve {ours};", f"ssl_ecdh_curve {theirs};")
    with live_server(KIND["nginx"], world.maker, world.application, edit=edit) as live:
        found = not_enforced(world.check(live.port))
    assert found["profile"] == "refused"
    assert found["group"] == "wrong"


def test_no_certificate_asked_is_told(world: World) -> None:
    auth = ClientAuth.OFF
    with live_server(KIND["nginx"], world.maker, world.application, auth=auth) as live:
        found = not_enforced(world.check(live.port))
        fine = world.check(live.port, "--client-auth", "off")
    points = ("signature", "no-certificate", "foreign", "authority")
    assert found == dict.fromkeys(points, "wrong")
    assert fine.code == 0, fine.out


def test_another_makers_ca_asked_is_told(world: World) -> None:
    edit = swap(str(clients_path(world.maker.folder)), str(clients_path(world.other.folder)))
    with live_server(KIND["apache"], world.maker, world.application, edit=edit) as live:
        found = not_enforced(world.check(live.port))
    # Both makers' CAs have one name, as a stranger's may have: it is the device that is refused.
    assert found["profile"] == "refused"


def test_a_ca_of_another_name_is_told(world: World, tmp_path: Path) -> None:
    other = made_maker(tmp_path / "stranger", world.maker.profile.name, name="Stranger")
    edit = swap(str(clients_path(world.maker.folder)), str(clients_path(other.folder)))
    with live_server(KIND["apache"], world.maker, world.application, edit=edit) as live:
        done = world.check(live.port)
    assert not_enforced(done)["authority"] == "wrong"
    assert "Stranger" in done.out


def issued(maker: Maker, folder: Path, begins: timedelta, lasts: timedelta, *hosts: Host) -> Path:
    """A pair that the CA's policy would not issue."""
    begin = datetime.now(UTC).replace(microsecond=0) + begins
    key = generate_key(maker.profile)
    with open_authority(maker, verify=None) as authority:
        der = issue_server(
            key.public_key(),
            hosts,
            Validity(begin, begin + lasts),
            4711,
            issuing=authority.issuing,
            issuing_key=authority.issuing_key,
        )
        chain = chain_to_pem([x509.load_der_x509_certificate(der), authority.issuing])
    (folder / "cert.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key_to_pem(key))
    return folder


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ISSUED = {
    "expired": ((NAME, -2 * DAY, DAY), {"dates": "wrong"}),
    "not yet valid": ((NAME, HOUR, DAY), {"dates": "wrong"}),
    "wrong name": (("other.example.test", -HOUR, DAY), {"name": "wrong"}),
    "over-long lifetime": ((NAME, -HOUR, 90 * DAY), {"lifetime": "wrong"}),
}


@contextmanager
def serving(world: World, pair: Path, kind: ServerKind = KIND["nginx"]) -> Iterator[int]:
    """A server with another pair than the maker's."""
    edit = swap(str(world.pair), str(pair))
    with live_server(kind, world.maker, world.application, edit=edit, any_certificate=True) as live:
        yield live.port


def by_the_device(world: World, wanted: dict[str, str]) -> dict[str, str]:
    """The device library, which is built for one profile, refuses what is really wrong."""
    refuses = world.maker.profile.name == "c25519" and set(wanted) & {"dates", "name", "chain"}
    return {**wanted, "device": "refused"} if refuses else wanted


@ONE_PROFILE
@pytest.mark.parametrize("fault", ISSUED)
def test_a_fault_of_the_certificate_is_told(world: World, fault: str, tmp_path: Path) -> None:
    (name, begins, lasts), wanted = ISSUED[fault]
    with serving(world, issued(world.maker, tmp_path, begins, lasts, name)) as port:
        done = world.check(port)
    assert not_enforced(done) == by_the_device(world, wanted), done.out


def test_a_root_that_is_sent_is_told(world: World, tmp_path: Path) -> None:
    chain = (world.pair / "cert.pem").read_bytes() + root_path(world.maker.folder).read_bytes()
    (tmp_path / "cert.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes((world.pair / "key.pem").read_bytes())
    with serving(world, tmp_path) as port:
        found = not_enforced(world.check(port))
    assert found["chain"] == "works but not exclusive"
    assert set(found) <= {"chain", "flight", "device"}


def test_a_missing_issuing_ca_is_told(world: World, tmp_path: Path) -> None:
    """Envoy is where it shows: OpenSSL completes the chain from what devices are checked with."""
    leaf = (world.pair / "cert.pem").read_bytes().split(b"-----END CERTIFICATE-----\n")[0]
    (tmp_path / "cert.pem").write_bytes(leaf + b"-----END CERTIFICATE-----\n")
    (tmp_path / "key.pem").write_bytes((world.pair / "key.pem").read_bytes())
    with serving(world, tmp_path, KIND["envoy"]) as port:
        done = world.check(port)
    assert not_enforced(done)["chain"] == "wrong"
    assert "issuing CA's certificate is missing" in done.out


def test_another_makers_certificate_is_told(world: World) -> None:
    with serving(world, issued_folder(world.other.folder, Kind.SERVER, NAME)) as port:
        found = not_enforced(world.check(port))
    assert found["chain"] == "wrong"


def test_records_of_any_length_are_told(world: World) -> None:
    with live_server(KIND["caddy-2.11"], world.maker, world.application) as live:
        done = world.check(live.port)
    assert not_enforced(done)["records"] == "wrong"
    assert "16,645" in done.out


def test_a_scheme_that_locks_devices_out_is_told(world: World) -> None:
    """Envoy's default: it asks for ECDSA and RSA only."""
    edit = without("signature_algorithms:", "- ed25519", "- ecdsa_secp256r1_sha256")
    with live_server(KIND["envoy"], world.maker, world.application, edit=edit) as live:
        found = not_enforced(world.check(live.port))
    locked_out = world.maker.profile.name == "c25519"
    assert found["signature"] == ("wrong" if locked_out else "works but not exclusive")
    assert found.get("profile") == ("refused" if locked_out else None)


def test_more_for_whoever_asks_for_no_name_is_told(world: World, tmp_path: Path) -> None:
    """Caddy with a site of a name: who asks for none gets TLS 1.2 and is asked nothing."""
    pair = issued(world.maker, tmp_path, -HOUR, DAY, NAME, ip_address(LOOPBACK))

    def edit(text: str) -> str:
        return text.replace("https://:", f"https://{NAME}:").replace(str(world.pair), str(pair))

    kind = KIND["caddy-2.11"]
    with live_server(kind, world.maker, world.application, edit=edit) as live:
        done = world.check(live.port)
    found = not_enforced(done)
    assert found["no-name"] == "wrong", done.out
