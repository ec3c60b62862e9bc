"""The size report: what is linked, how stack is bounded, what the numbers must keep to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import device_build
from tools.size_report import measure
from tools.stack_depth import CallGraph, Recursion

DEVICE = Path(__file__).parents[1] / "device"
NOT_LINKED = {"rootlet_status_name", "rootlet_status_text"}
HEADERS = ("status.h", "x509.h", "roughtime.h", "tls.h")

M3 = next(core for core in device_build.CORES if core.name == "cortex-m3")

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


def test_the_library_on_cortex_m3() -> None:
    numbers = measure(M3)
    flash = numbers["flash"]
    assert all(flash[part] > 500 for part in device_build.PARTS)
    assert sum(flash.values()) == 2 * flash["total"]
    assert flash["crypto"] <= 5700
    assert numbers["static_ram"] == 0
    assert numbers["stack"]["rootlet_ed25519_verify"] <= 1400
    assert numbers["deepest_chain"][0].startswith("rootlet_tls_")
