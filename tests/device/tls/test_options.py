"""A build without the options of rootlet/config.h: smaller, and as strict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
OPTIONS = ("CLIENT_AUTH", "KEY_UPDATE", "ALPN")
EMPTY_CERTIFICATE = "0b00000400000000"
UNEXPECTED = 10


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("options")
    flags = " ".join(f"-DROOTLET_TLS_{name}=0" for name in OPTIONS)
    build = [*("setup.py", "-q", "build_ext"), "--build-lib", str(folder), "--build-temp"]
    subprocess.run(
        [sys.executable, *build, str(folder / "temp")],
        cwd=TREE,
        env={**os.environ, "CFLAGS": f"{flags} -Werror", "LDFLAGS": ""},
        check=True,
        capture_output=True,
    )
    path = os.pathsep.join(map(str, (folder, TREE / "src", TREE / "tests")))
    done = subprocess.run(
        [sys.executable, "-m", "support.tls.without_options"],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout))


def test_what_was_left_out_cannot_be_configured(found: dict[str, object]) -> None:
    assert found["an identity"] == "ERR_MISUSE"
    assert found["a protocol name"] == "ERR_MISUSE"


def test_a_server_that_asks_is_answered_with_no_certificate(found: dict[str, object]) -> None:
    assert found["asked for a certificate"] is True
    assert found["certificate sent"] == [EMPTY_CERTIFICATE]


def test_keys_do_not_change(found: dict[str, object]) -> None:
    assert found["told to update"] == [
        "ERR_TLS_UNEXPECTED_MESSAGE",
        [[2, UNEXPECTED, "application"]],
    ]
    assert found["own update"] == "ERR_MISUSE"
    assert found["keys used up"] == "ERR_TLS_SEQUENCE"
