"""The size report: what is linked, how stack is bounded, what the numbers must keep to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tools import size_report
from tools.device_build import PARTS, ROWS
from tools.handshake import MOVED, settled
from tools.size_rows import EVERYTHING, HANDSHAKES, ONE_FILE, value
from tools.stack_depth import CallGraph, Recursion

DEVICE = Path(__file__).parents[1] / "device"
NOT_LINKED = {"rootlet_status_name", "rootlet_status_text"}
HEADERS = ("status.h", "x509.h", "roughtime.h", "tls.h")

GRAPH = """graph: {{ title: "a.c"
node: {{ title: "top" label: "top\\na.c:1:1\\n16 bytes (static)" }}
node: {{ title: "a.c:left" label: "left\\na.c:2:1\\n40 bytes (static)" }}
node: {{ title: "right" label: "right\\nb.h:2:1" shape : ellipse }}
edge: {{ sourcename: "top" targetname: "a.c:left" label: "a.c:1:5" }}
edge: {{ sourcename: "top" targetname: "right" label: "a.c:1:9" }}
{more}
}}
"""
OTHER = 'node: { title: "right" label: "right\\nb.c:2:1\\n30 bytes (static)" }\n'


def test_everything_a_device_calls_is_linked() -> None:
    declared = set()
    for name in HEADERS:
        text = (DEVICE / "include" / "rootlet" / name).read_text(encoding="utf-8")
        code = re.sub(r"/\*.*?\*/|^#.*?[^\\]$", "", text, flags=re.DOTALL | re.MULTILINE)
        declared |= set(re.findall(r"\b(rootlet_\w+)\(", code))
    listed = (DEVICE / "test" / "size" / "everything.c").read_text(encoding="utf-8")
    assert set(re.findall(r"\(entry\)(rootlet_\w+)", listed)) == declared - NOT_LINKED


def test_the_deepest_chain_counts() -> None:
    graph = CallGraph([GRAPH.format(more=""), OTHER], [])
    assert graph.deepest("top") == (56, ("top", "left"))
    assert graph.deepest("right") == (30, ("right",))


def test_a_call_through_a_table_reaches_what_the_table_holds() -> None:
    edge = 'edge: { sourcename: "a.c:left" targetname: "__indirect_call" label: "a.c:2:2" }'
    graph = CallGraph([GRAPH.format(more=edge), OTHER], ["right"])
    assert graph.deepest("top") == (86, ("top", "left", "right"))


def test_recursion_is_an_error() -> None:
    edge = 'edge: { sourcename: "a.c:left" targetname: "top" label: "a.c:2:2" }'
    with pytest.raises(Recursion, match=r"top -> a\.c:left -> top"):
        CallGraph([GRAPH.format(more=edge), OTHER], []).deepest("top")


def test_a_frame_without_a_fixed_size_is_found() -> None:
    node = 'node: { title: "wild" label: "wild\\na.c:9:1\\n8 bytes (dynamic)" }'
    assert CallGraph([GRAPH.format(more=node)], []).unbounded == {"wild"}


@pytest.mark.timeout(900)  # a minute, where nothing else runs
def test_the_report_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """Growth is seen in review: a change of any figure comes with the change of its cause."""
    assert size_report.main(["--check"]) == 0, capsys.readouterr().out


def test_what_changed_is_said() -> None:
    rows = size_report.read_rows()
    larger = [dict(row) for row in rows]
    changed = next(row for row in larger if row["what"] == "total" and row["options"] == [])
    changed["flash"] += 4
    (line,) = size_report.differences(rows, larger)
    assert line.startswith(f"{changed['cpu']} total: flash {changed['flash'] - 4} ")
    assert f"-> flash {changed['flash']} " in line
    assert len(size_report.differences(rows, rows[1:])) == 1


def test_rows_have_the_agreed_fields() -> None:
    fields = ["profile", "options", "cpu", "what"]
    fields += ["flash", "static_ram", "context", "stack", "instructions"]
    rows = size_report.read_rows()
    assert all(list(row) == fields for row in rows)
    totals = [row for row in rows if row["what"] == "total"]
    assert {row["static_ram"] for row in totals} == {0}


def test_one_file_takes_the_same_memory_of_the_caller() -> None:
    """docs/size.md shows it once."""
    rows = size_report.read_rows()

    def memory(options: list[str]) -> dict[tuple[str, str], int]:
        found = (row for row in rows if row["options"] == options and row["context"])
        return {(row["cpu"], row["what"]): row["context"] for row in found}

    assert memory([]) == memory([ONE_FILE]) != {}


def test_the_memory_of_the_caller_is_shown_once() -> None:
    (lines,) = (
        lines
        for title, lines in size_report.tables(size_report.read_rows())
        if title == "Memory the caller provides"
    )
    names = [line[0] for line in lines]
    assert "tls_context" in names
    assert len(names) == len(set(names))


def test_the_library_on_cortex_m3() -> None:
    rows = size_report.read_rows()
    parts = {part: value(rows, "cortex-m3", part, "flash") for part in ROWS}
    assert all(parts[part] > 500 for part in PARTS)
    assert sum(parts.values()) == value(rows, "cortex-m3", "total", "flash")
    assert value(rows, "cortex-m3", "rootlet_ed25519_verify", "stack") <= 1400


PROMISED_FLASH = 16_384
"""Everything with its bundle, the library as one file."""


@pytest.mark.parametrize("cpu", ["cortex-m3", "cortex-m0plus"])
def test_the_promise_of_flash_is_kept(cpu: str) -> None:
    rows = size_report.read_rows()
    assert value(rows, cpu, "total", "flash", (ONE_FILE,)) <= PROMISED_FLASH


@pytest.mark.parametrize("options", [EVERYTHING, (ONE_FILE,)])
@pytest.mark.parametrize("cpu", ["cortex-m3", "cortex-m0plus"])
def test_the_promise_of_ram_is_kept(cpu: str, options: tuple[str, ...]) -> None:
    rows = size_report.read_rows()
    for what, limit in (("connection", 4096), ("measurement", 2560)):
        context, stack = (
            value(rows, cpu, what, figure, options) for figure in ("context", "stack")
        )
        assert context + stack <= limit


def test_every_limit_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert size_report.main(["--bars"]) == 0
    assert "flash, everything with its bundle" in capsys.readouterr().out


def test_the_figure_of_a_handshake_stays_unless_it_really_moved() -> None:
    counts = (17_020_000, 17_100_000)
    assert settled(None, counts) == 17_100_000
    least, most = (round(17_060_000 / (1 + sign * MOVED)) for sign in (1, -1))
    assert settled(least + 1, counts) == least + 1
    assert settled(most - 1, counts) == most - 1
    assert settled(least - 1, counts) == 17_100_000
    assert settled(most + 1, counts) == 17_100_000


def test_handshakes_stay_in_what_is_measured_without_servers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = size_report.read_rows()
    others = [row for row in rows if row["what"] not in HANDSHAKES]
    assert others != rows
    monkeypatch.setattr(size_report, "all_rows", lambda: others)
    assert size_report.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == rows
