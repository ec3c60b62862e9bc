"""The binding has all of the C API: it is read from the headers themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _rootlet_device import lib

HEADERS = Path(__file__).resolve().parents[2] / "device" / "include" / "rootlet"


def stripped(header: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", ["crypto.h", "roughtime.h", "status.h", "tls.h", "x509.h"])
def test_every_function_can_be_called(name: str) -> None:
    functions = re.findall(r"\b(rootlet_\w+)\(", stripped(HEADERS / name))
    assert functions
    assert not [function for function in functions if not hasattr(lib, function)]


@pytest.mark.parametrize("name", ["limits_c25519.h", "roughtime.h", "tls.h"])
def test_every_number_is_there(name: str) -> None:
    numbers = re.findall(r"#define (ROOTLET_\w+) +[0-9(R]", stripped(HEADERS / name))
    assert numbers
    assert not [number for number in numbers if not isinstance(getattr(lib, number, None), int)]
