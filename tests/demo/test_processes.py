"""An interruption while a server is being started: the server is known, and so it is stopped."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rootlet.demo.processes import Processes


def test_an_interruption_waits_until_the_server_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start = subprocess.Popen

    def interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started = start(*arguments, **options)
        signal.raise_signal(signal.SIGINT)
        return started

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    servers = Processes(tmp_path)
    # A shell's background jobs have it ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            servers.start("sleeper", ["sleep", "60"], lambda: True)
    finally:
        signal.signal(signal.SIGINT, before)
    (process_id,) = servers.pids().values()
    servers.stop()
    assert not Path(f"/proc/{process_id}").exists()
