"""Caddy with what ``rootlet server config caddy --acme`` writes: it gets its own certificate."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from rootlet.ca import clients_path, issued_folder
from rootlet.pki import Kind
from rootlet.servers import WRITERS, AcmeSource, ClientAuth, Listen, Run, ServerSettings
from support.acme_rig import Rig
from support.commands import Run as Command
from support.live_servers import KINDS
from support.makers import deliver_device
from support.processes import LOOPBACK, free_port

NAME = "caddy.fleet.example.test"
SECONDS = 60.0
AS_EVER = {"suite", "signature", "records", "device"}
"""What Caddy cannot be held to: docs/servers.md."""


@pytest.mark.parametrize("profile", ["c25519", "p256"])
def test_it_gets_its_certificate_and_holds_devices_to_the_profile(
    profile: str, request: pytest.FixtureRequest, tmp_path: Path, run: Command
) -> None:
    rig: Rig = request.getfixturevalue(profile)
    kind, port = next(kind for kind in KINDS if kind.label == "caddy-2.11"), free_port()
    deliver_device(rig.maker, f"caddy-{profile}")
    device = issued_folder(rig.maker.folder, Kind.DEVICE, f"caddy-{profile}")
    writer, config = WRITERS["caddy"](), tmp_path / "caddy.conf"
    settings = ServerSettings(
        profile=rig.maker.profile,
        name=NAME,
        listen=Listen(LOOPBACK, port),
        certificate=tmp_path / "not/there.pem",
        key=tmp_path / "not/there.key",
        clients=clients_path(rig.maker.folder),
        client_auth=ClientAuth.REQUIRED,
        root_dir=tmp_path,
        acme=AcmeSource(rig.server.directory, rig.server.root),
        config=config,
        state=tmp_path,
    )
    ports = f"\thttp_port {rig.http_port}\n\thttps_port {port}\n"  # 80 and 443 are not ours here
    text = writer.config(settings)
    config.write_text(text.replace("\tskip_install_trust\n", f"\tskip_install_trust\n{ports}"))
    subprocess.run(kind.argv(writer.start_command(config, complete=True)), check=True, timeout=60)
    try:
        command: list[object] = ["server", "check", f"{LOOPBACK}:{port}", "--json"]
        command += ["--maker", rig.maker.folder, "--name", NAME]
        command += ["--cert", device / "cert.pem", "--key", device / "key.pem"]
        deadline = time.monotonic() + SECONDS
        while True:
            done = run(*command)
            found = {each["point"]: each["verdict"] for each in done.json["points"]}
            if found["profile"] == "enforced":
                break
            assert time.monotonic() < deadline, (tmp_path / "error.log").read_text()
            time.sleep(0.2)
    finally:
        stop = writer.stop_trigger(config, complete=True)
        assert isinstance(stop, Run)
        subprocess.run(kind.argv(stop), check=True, timeout=60)
    bad = {point for point, verdict in found.items() if verdict not in {"enforced", "not checked"}}
    assert bad <= AS_EVER, done.out
