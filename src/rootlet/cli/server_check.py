"""``rootlet server check``: a running server, held against the profile."""

from __future__ import annotations

import textwrap
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509

from rootlet.ca import clients_path, root_path
from rootlet.cli.check import DEVICE_PROFILE, read_anchor, reference
from rootlet.cli.options import FILE, Progress, json_option, maker_option, show
from rootlet.cli.probe import read_identity, run_probe
from rootlet.device import FULL_RECORD_BYTES, RECORD_BYTES, TlsClient
from rootlet.errors import Misuse, Refused
from rootlet.files import read_bytes
from rootlet.maker import load_maker
from rootlet.pki import (
    certificate_from_pem,
    certificates_from_pem,
    host_text,
    key_from_pem,
    parse_host,
)
from rootlet.profile import PROFILE_NAMES, Profile, load_profile
from rootlet.servers import WRITERS, ClientAuth, Listen, parse_listen
from rootlet.servers.checkup import (
    POINTS,
    ClientFiles,
    Examination,
    Finding,
    Point,
    Request,
    SClient,
    Subject,
    Verdict,
    advice,
    examine,
    foreign_identities,
    guess_kind,
)

__all__ = ["check"]

MARKS = {
    Verdict.ENFORCED: "enforced",
    Verdict.NOT_EXCLUSIVE: "not exclusive",
    Verdict.REFUSED: "REFUSED",
    Verdict.WRONG: "WRONG",
    Verdict.NOT_CHECKED: "not checked",
}
"""The verdicts in a table; the dangerous ones are seen at a glance."""

FINE_IN_ORDER = (Verdict.ENFORCED, Verdict.NOT_CHECKED)
FINE = set(FINE_IN_ORDER)

SCREEN_COLUMNS = 80
"""The report fits a terminal of 80 by 24, whatever it says of one or two points."""


@dataclass(frozen=True)
class _Trust:
    """Where the maker's certificates come from: its folder, or the root alone."""

    profile: Profile
    root_file: Path
    root: x509.Certificate
    authorities: frozenset[bytes]
    issuer: x509.Name


def _trust(folder: Path, root: Path | None, profile: str | None) -> _Trust:
    if root is None:
        maker = load_maker(folder)
        if profile not in {None, maker.profile.name}:
            raise Misuse(
                f"the maker in {folder} has the profile {maker.profile.name}",
                hint="leave --profile out, or give --root of another maker",
            )
        root, chosen = root_path(folder), maker.profile
        clients = read_bytes(clients_path(folder), what="the CAs of devices")
        cas = certificates_from_pem(clients, what="the CAs of devices")
    else:
        chosen, cas = load_profile(profile or PROFILE_NAMES[0]), ()
    own = certificate_from_pem(read_bytes(root, what="the root"), what="the root")
    names = frozenset(ca.subject.public_bytes() for ca in (*cas, own) if cas)
    return _Trust(chosen, root, own, names, cas[0].subject if cas else own.subject)


def _client(cert: Path | None, key: Path | None, profile: Profile) -> ClientFiles | None:
    if (cert is None) != (key is None):
        raise Misuse("--cert and --key go together", hint="give both, or neither")
    if cert is None or key is None:
        return None
    leaf = certificates_from_pem(read_bytes(cert, what="the certificate"), what=str(cert))[0]
    private = key_from_pem(read_bytes(key, what="the key"), None, profile=profile, what=str(key))
    if leaf.public_key() != private.public_key():
        raise Misuse(
            f"{cert} is not the certificate of {key}",
            hint="give cert.pem and key.pem of one device, from issued/devices/ID",
        )
    return ClientFiles(cert, key)


def _device(
    trust: _Trust, address: Listen, name: str, client: ClientFiles | None, timeout: float, auth: str
) -> Callable[[], tuple[Verdict, str]]:
    """The device library's verdict: first with its own small buffer, then with a large one."""

    def probe(*, full: bool) -> tuple[bool, str]:
        now = int(time.time())
        library = TlsClient(
            anchors=[read_anchor(trust.root_file)],
            host=reference(name),
            earliest=now,
            latest=now,
            identity=None if client is None else read_identity(client.certificate, client.key),
            in_bytes=FULL_RECORD_BYTES if full else RECORD_BYTES,
            tolerate_no_limit=full,
        )
        report = run_probe(library, (address.host, address.port), timeout=timeout)
        return report.accepted, "accepted" if report.accepted else report.status

    def verdict() -> tuple[Verdict, str]:
        if trust.profile.name != DEVICE_PROFILE:
            return Verdict.NOT_CHECKED, f"it is not built for {trust.profile.name}"
        if client is None and auth == ClientAuth.REQUIRED.value:
            return Verdict.NOT_CHECKED, "it takes a device's certificate: --cert"
        accepted, said = probe(full=False)
        if not accepted and probe(full=True)[0]:
            said = f"{said}; fine with 16 KiB"
        return Verdict.ENFORCED if accepted else Verdict.REFUSED, said

    return verdict


@click.command(
    name="check",
    epilog="\b\nExamples:\n"
    "  rootlet server check api.example.test:443 --cert issued/devices/sensor-1/cert.pem \\\n"
    "      --key issued/devices/sensor-1/key.pem\n"
    "  rootlet server check 127.0.0.1:8443 --name api.example.test --accept suite --json",
)
@click.argument("where", metavar="HOST:PORT")
@maker_option
@click.option("--root", type=FILE, metavar="FILE", help="The root, where there is no folder.")
@click.option("--profile", type=click.Choice(PROFILE_NAMES), help="With --root.  [default: c25519]")
@click.option("--name", metavar="NAME", help="What devices ask for, if it is not HOST.")
@click.option("--cert", type=FILE, metavar="FILE", help="A device's certificate, PEM.")
@click.option("--key", type=FILE, metavar="FILE", help="Its key, PEM.")
@click.option(
    "--client-auth",
    "auth",
    type=click.Choice([choice.value for choice in ClientAuth]),
    default=ClientAuth.REQUIRED.value,
    show_default=True,
    help="Whether devices have to show their certificate.",
)
@click.option(
    "--request",
    type=click.Choice([choice.value for choice in Request]),
    default=Request.HTTP.value,
    show_default=True,
    help="What is asked to see whether a client is let in.",
)
@click.option(
    "--server",
    "kind",
    type=click.Choice(list(WRITERS)),
    help="Which server it is, to say what to change.  [default: what it calls itself]",
)
@click.option(
    "--accept",
    type=click.Choice([point.value for point in Point]),
    multiple=True,
    metavar="POINT",
    help="A point that need not be enforced for exit code 0. May be repeated.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 60),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long one handshake and its answer may take.",
)
@json_option
def check(
    where: str,
    folder: Path,
    root: Path | None,
    profile: str | None,
    name: str | None,
    cert: Path | None,
    key: Path | None,
    auth: str,
    request: str,
    kind: str | None,
    accept: tuple[str, ...],
    timeout: float,
    as_json: bool,
) -> int:
    """Hold a running server against the profile: about fifteen handshakes, one after the other.

    One server at a time, and only your own: it asks for what must be refused.

    Exit code 0: every point is enforced, or accepted by --accept. 1: one is not. 4: no answer.
    """
    address = _one_server(where)
    host = parse_host(name or address.host)
    trust = _trust(folder, root, profile)
    client = _client(cert, key, trust.profile)
    progress, started = Progress(quiet=as_json), time.monotonic()
    told: list[Point] = []

    def tell(point: Point) -> None:
        told.append(point)
        progress("points checked", len(told), len(POINTS))

    now = datetime.now(UTC)
    with foreign_identities(trust.profile, trust.issuer, now=now) as foreign:
        subject = Subject(
            profile=trust.profile,
            host=host,
            root=trust.root,
            client_auth=ClientAuth(auth),
            request=Request(request),
            identity=client,
            foreign=foreign,
            authorities=trust.authorities,
            device=_device(trust, address, host_text(host), client, timeout, auth),
            now=now,
        )
        found = examine(subject, SClient(address, host_text(host), timeout), tell)
    report = _Report(
        address, host_text(host), trust.profile, kind or guess_kind(found.server), accept, found
    )
    show(report.fields(), report.text(time.monotonic() - started), as_json=as_json)
    return Refused.exit_code if report.open else 0


def _one_server(where: str) -> Listen:
    if any(mark in where for mark in ",/* \t"):
        raise Misuse(
            f"{where!r} is more than one server", hint="check one at a time: HOST:PORT, your own"
        )
    return parse_listen(where)


@dataclass(frozen=True)
class _Report:
    address: Listen
    host: str
    profile: Profile
    kind: str | None
    accept: tuple[str, ...]
    found: Examination

    @property
    def open(self) -> list[Finding]:
        """What is neither enforced nor accepted."""
        accepted = {Point(word) for word in self.accept}
        return [
            finding
            for finding in self.found.findings
            if finding.verdict not in FINE and finding.point not in accepted
        ]

    def _advice(self, finding: Finding) -> str:
        return advice(finding, self.kind, self.profile, self.host)

    def fields(self) -> dict[str, object]:
        return {
            "address": str(self.address),
            "name": self.host,
            "profile": self.profile.name,
            "server": self.kind,
            "ok": not self.open,
            "handshakes": self.found.handshakes,
            "points": [
                {
                    "point": finding.point.value,
                    "about": POINTS[finding.point],
                    "verdict": finding.verdict.value,
                    "detail": finding.detail,
                    "change": self._advice(finding) or None,
                    "accepted": finding.point.value in self.accept,
                }
                for finding in self.found.findings
            ],
        }

    def text(self, seconds: float) -> str:
        """One screen: every point where all is well, else what is not first, the rest in short."""
        lines = [f"{self.address} as {self.host}, held against {self.profile.name}:"]
        findings = self.found.findings
        if self.open:
            fine = [finding for finding in findings if finding.verdict in FINE]
            rows = [finding for finding in findings if finding.verdict not in FINE]
            lines += ["", *(line for finding in rows for line in self._row(finding))]
            for verdict in FINE_IN_ORDER:
                names = ", ".join(each.point for each in fine if each.verdict is verdict)
                lines += _filled(f"  {MARKS[verdict]:14}", names) if names else []
            lines.append("")
        else:
            lines += [line for finding in findings for line in self._row(finding)]
        counts = Counter(MARKS[finding.verdict] for finding in findings)
        summary = ", ".join(f"{count} {mark}" for mark, count in counts.items())
        lines += [f"{summary} ({self.found.handshakes} handshakes, {seconds:.1f} s)"]
        return "\n".join([*lines, "", f"Next: {self._next}"])

    def _row(self, finding: Finding) -> list[str]:
        accepted = finding.point.value in self.accept and finding.verdict not in FINE
        mark = "accepted" if accepted else MARKS[finding.verdict]
        rows = _filled(f"  {mark:14}{finding.point:16}", _printable(finding.detail))
        change = "" if accepted else self._advice(finding)
        return rows + (_filled(f"{'':16}change: ", change) if change else [])

    @property
    def _next(self) -> str:
        if self.open:
            return "change it, make the server reload, and check again"
        return "check again after every change: exit code 0 means that all is right"


def _filled(head: str, text: str) -> list[str]:
    """As many lines as it takes, the next ones indented."""
    return textwrap.wrap(
        text,
        width=SCREEN_COLUMNS,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(text: str) -> str:
    # A name in a certificate is the server's choice: it must not steer the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)
