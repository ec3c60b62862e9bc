"""The demo's servers, and the device as firmware for each emulated board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.firmware import BOARDS, ONE_FILE_BOARDS, Firmware, link, need_tools

from rootlet.demo.processes import rootlet
from rootlet.demo.stage import Stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    need_tools()
    made = Stage(tmp_path_factory.mktemp("firmware"), print)
    try:
        made.build()
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def bundle(stage: Stage) -> Path:
    folder = stage.folder / "bundle"
    rootlet("bundle", "--maker", str(stage.maker), "--out", str(folder))
    return folder


BUILDS = (*BOARDS, *(f"{name} one file" for name in ONE_FILE_BOARDS))


@pytest.fixture(scope="session", params=BUILDS)
def firmware(request: pytest.FixtureRequest, stage: Stage, bundle: Path) -> Firmware:
    name, _, more = request.param.partition(" ")
    output = stage.folder / f"{request.param.replace(' ', '-')}.elf"
    return link(BOARDS[name], output, bundle=bundle, one_file=bool(more), metered=True)
