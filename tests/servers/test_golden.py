"""Every form of every configuration: as it is kept, and as the server itself takes it."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tools.gen_servers import NAME, Case, differing, example_cases, golden_cases

from rootlet.ca import open_records, write_crls
from rootlet.maker import Maker
from rootlet.profile import PROFILE_NAMES
from rootlet.servers import Run
from support.live_servers import KINDS, ServerKind
from support.makers import deliver_server, made_maker
from support.processes import free_port

NGINX = """\
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {part};
}}
"""
APACHE = """\
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
ServerName whole.example.test
IncludeOptional /etc/apache2/mods-available/mpm_event.load
{modules}
Include {part}
"""
APACHE_MODULES = ("authz_core", "socache_shmcb", "ssl", "headers", "proxy", "proxy_http", "dir")
LIGHTTPD = """\
server.document-root = "{folder}"
server.port = {port}
server.modules = ( "mod_indexfile" )
include "{part}"
"""
HAPROXY = """\
defaults
    timeout connect 5s
    timeout client 10s
    timeout server 10s
{text}
"""

WHOLE = {"nginx": NGINX, "apache": APACHE, "lighttpd": LIGHTTPD, "haproxy": HAPROXY}
"""What the system's configuration is around a part, as far as it matters."""

CASES = [*example_cases(), *golden_cases()]
ACCEPTED_WARNINGS = (
    "'trusted_ca_cert_file' field is deprecated",  # Caddy 2.6 knows nothing else
    "enabling strict SNI-Host enforcement",  # what is wanted
    "no OCSP server specified in certificate",  # there is none
)


def test_what_is_kept_is_what_would_be_written() -> None:
    assert differing() == []


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Maker]:
    found = {}
    for profile in PROFILE_NAMES:
        maker = made_maker(tmp_path_factory.mktemp(profile) / "mine", profile)
        deliver_server(maker, NAME)
        (maker.folder / "www").mkdir()
        with open_records(maker) as records:
            write_crls(maker, records, now=datetime.now(UTC))
        found[profile] = maker
    return found


def place(case: Case, maker: Maker, folder: Path) -> Path:
    """A whole configuration with the case in it; its path."""
    settings = case.settings(maker.folder, place=folder, port=free_port())
    writer = case.writer
    text = writer.config(settings)
    if settings.state is not None:
        settings.state.mkdir(parents=True, exist_ok=True)
    for path, what in writer.companions(settings).items():
        path.symlink_to(what) if isinstance(what, Path) else path.write_text(what)
    config = folder / f"made{writer.suffixes[0]}"
    if settings.state is None and case.kind == "haproxy":
        pair = folder / "pair.pem"
        pair.write_bytes(settings.certificate.read_bytes() + settings.key.read_bytes())
        text = text.replace(f'"/etc/haproxy/{NAME}.pem"', f'"{pair}"')
    config.write_text(text, encoding="utf-8")
    if settings.state is None and case.kind in WHOLE:
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
            for name in APACHE_MODULES
        )
        whole = WHOLE[case.kind].format(
            folder=folder, part=config, port=free_port(), modules=modules, text=text
        )
        config = folder / "whole.conf"
        config.write_text(whole, encoding="utf-8")
    return config


CHECKED = [
    (case, kind)
    for case in CASES
    for kind in KINDS
    if kind.kind == case.kind and not (case.kind == "openssl" and case.complete)
]


@pytest.mark.parametrize(
    ("case", "kind"), CHECKED, ids=[f"{kind.label}:{case.name}" for case, kind in CHECKED]
)
def test_the_server_itself_takes_it(
    case: Case, kind: ServerKind, makers: dict[str, Maker], tmp_path: Path
) -> None:
    config = place(case, makers[case.profile], tmp_path)
    command = case.writer.check_command(config, complete=True)
    if not isinstance(command, Run):
        return  # it has no check; that it starts and serves is seen in test_every_server.py
    argv = kind.argv(command) if case.kind != "openssl" else list(command.argv)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    warnings = [line for line in said.splitlines() if "warn" in line.lower()]
    if os.geteuid() != 0:  # who is not root cannot become root; "user" says so to whom is
        warnings = [line for line in warnings if '"user" directive' not in line]
    left = [line for line in warnings if not any(known in line for known in ACCEPTED_WARNINGS)]
    assert left == [], said


def test_suites_and_groups_are_those_of_the_profile_alone(makers: dict[str, Maker]) -> None:
    """OpenSSL's own reading of its configuration file: one suite."""
    for profile, maker in makers.items():
        case = Case("openssl", profile)
        config = place(case, maker, maker.folder)
        command = case.writer.check_command(config, complete=True)
        assert isinstance(command, Run)
        done = subprocess.run(command.argv, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == maker.profile.tls.suite
