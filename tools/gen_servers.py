"""Write the server configurations that are shown and compared, or say which differ.

    python -m tools.gen_servers --write     examples/03-server-config/ and tests/servers/golden/
    python -m tools.gen_servers             exit code 1 when a file is not what would be written

Examples are what a maker would have written for both profiles; golden files are the other forms.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rootlet.profile import load_profile
from rootlet.servers import WRITERS, AcmeSource, ClientAuth, Listen, ServerSettings, ServerWriter

TREE = Path(__file__).resolve().parents[1]
EXAMPLES = TREE / "examples" / "03-server-config"
GOLDEN = TREE / "tests" / "servers" / "golden"

MAKER = Path("/srv/acme")
NAME = "api.example.test"
APPLICATION = "http://127.0.0.1:8000"
PORTS = {"mosquitto": 8883}
DIRECTORY = "https://ca.example.test/acme/directory"


@dataclass(frozen=True)
class Case:
    """One configuration: of which server, and how."""

    kind: str
    profile: str
    auth: ClientAuth = ClientAuth.REQUIRED
    files: bool = False
    complete: bool = False
    crl: bool = False
    acme: bool = False
    user: str | None = None

    @property
    def writer(self) -> ServerWriter:
        """Whose it is."""
        return WRITERS[self.kind]()

    @property
    def name(self) -> str:
        """Of its golden file."""
        words = [self.kind, self.profile, self.auth.value, "complete" if self.complete else "part"]
        words += ["crl"] * self.crl + ["acme"] * self.acme + ["files"] * self.files
        return "-".join(words)

    def settings(
        self, maker: Path, *, place: Path, name: str = "", port: int = 0
    ) -> ServerSettings:
        """For a maker's folder; the configuration will be in ``place``."""
        writer, pair = self.writer, maker / "issued" / "servers" / NAME
        config = place / ((name or self.name) + writer.suffixes[0])
        return ServerSettings(
            profile=load_profile(self.profile),
            name=NAME,
            listen=Listen("127.0.0.1" if self.complete else "*", port or PORTS.get(self.kind, 443)),
            certificate=pair / "cert.pem",
            key=pair / "key.pem",
            clients=maker / "ca" / "clients.pem",
            client_auth=self.auth,
            crl=maker / "ca" / "crl.pem" if self.crl else None,
            proxy_to=APPLICATION if writer.hands_on and not self.files else None,
            root_dir=maker / "www" if self.files else None,
            acme=AcmeSource(DIRECTORY, maker / "ca" / "root.pem") if self.acme else None,
            config=config if self.complete else None,
            state=maker / "run" / f"{self.kind}-{NAME}" if self.complete else None,
            user=self.user,
        )


def example_cases() -> Iterator[Case]:
    """For both profiles: a part of the system's server, where it can be one."""
    for kind, writer in WRITERS.items():
        for profile in ("c25519", "p256"):
            files = writer.serves_files and profile == "p256"
            yield Case(kind, profile, files=files, complete=writer.complete_only)


def golden_cases() -> Iterator[Case]:
    """The other forms."""
    for kind, writer in WRITERS.items():
        yield Case(kind, "c25519", ClientAuth.OFF, complete=writer.complete_only)
        if kind != "openssl":
            yield Case(kind, "c25519", complete=True, files=writer.serves_files, user="root")
            auth = ClientAuth.REQUIRED if writer.not_optional else ClientAuth.OPTIONAL
            yield Case(kind, "p256", auth, complete=True, crl=writer.checks_crl)
        for profile in sorted(writer.acme):
            yield Case(kind, profile, complete=True, acme=True)


def _texts(case: Case, folder: Path, name: str) -> Iterator[tuple[Path, str]]:
    writer, settings = case.writer, case.settings(MAKER, place=MAKER, name=name)
    yield folder / (name + writer.suffixes[0]), writer.config(settings)
    for path, what in writer.companions(settings).items():
        yield folder / path.name, what if isinstance(what, str) else f"a link to {what}\n"


def texts() -> dict[Path, str]:
    """Every file and what belongs into it."""
    found: dict[Path, str] = {}
    for case in example_cases():
        found.update(_texts(case, EXAMPLES, f"{case.kind}-{case.profile}"))
    for case in golden_cases():
        found.update(_texts(case, GOLDEN, case.name))
    return found


def differing() -> list[Path]:
    """Files that are missing, differ, or should not be there."""
    wanted = texts()
    there = {path for folder in (EXAMPLES, GOLDEN) for path in folder.iterdir()}
    stray = {path for path in there - set(wanted) if path.name != "README.md"}
    return sorted(
        stray
        | {
            path
            for path, text in wanted.items()
            if not path.exists() or path.read_text(encoding="utf-8") != text
        }
    )


def main(argv: list[str]) -> int:
    """Write, or compare."""
    if argv == ["--write"]:
        wanted = texts()
        for path in differing():
            if path not in wanted:
                path.unlink()
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
    for path in differing():
        print(f"differs: {path.relative_to(TREE)}; run: python -m tools.gen_servers --write")
    return 1 if differing() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
