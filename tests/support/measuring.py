"""The device's measurement of time in a network of the test's own, whose clock is a number.

The policy of device/ports/common is compiled with a port that calls back into Python, so that a
timeout takes no time, and packets can be lost, late, or someone else's.
"""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from cffi import FFI
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.device import status_name
from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Delegation,
    LongTermKey,
    Server,
    delegate,
    raw_public_key,
)

__all__ = ["END", "NOW", "Measured", "Network", "TimeServer", "build_policy"]

TREE = Path(__file__).parents[2]
COMMON = TREE / "device" / "ports" / "common"
PORT = TREE / "device" / "test" / "policy"
POLICY = [COMMON / f"{name}.c" for name in ("agreement", "device_clock", "evidence")]
NOW = 1_795_000_000
END = 2**64 - 1
BUILT = 1_790_000_000
WRAP = 2**32
PORT_FUNCTIONS = (
    *("random", "milliseconds", "pause"),
    *("udp_open", "udp_send", "udp_receive", "udp_close"),
)
"""Of device/ports/common/port.h, port_ before each: what the policy calls."""

DECLARED = """
typedef struct { uint64_t earliest, latest; } rootlet_time;
bool agreement(rootlet_time *agreed, const rootlet_time *intervals, size_t count, size_t quorum);
size_t agreeing(const rootlet_time *with, const rootlet_time *intervals, size_t count);

typedef struct { uint64_t earliest; uint32_t failures, check; } clock_record;
typedef struct { uint32_t failures; bool set; ...; } device_clock;
void device_clock_start(device_clock *clock, uint64_t built, const clock_record *stored,
                        uint32_t drift_ppm, uint32_t milliseconds);
rootlet_time device_clock_now(device_clock *clock, uint32_t milliseconds);
int device_clock_set(device_clock *clock, const rootlet_time *measured, uint32_t milliseconds);
void device_clock_failed(device_clock *clock, uint32_t milliseconds);
uint32_t device_clock_wait(device_clock *clock, uint32_t milliseconds);
bool device_clock_record(device_clock *clock, clock_record *record, uint32_t milliseconds);

typedef struct { uint8_t *bytes; size_t room, length; bool full; } evidence;
typedef struct { const char *address; uint8_t key[32]; } rootlet_time_server;
typedef struct { const rootlet_time_server *time_servers; size_t time_server_count; ...; }
    rootlet_bundle;
typedef struct { const char *const *addresses; size_t address_count; uint32_t timeout_ms;
                 evidence *evidence; } roughtime_options;
typedef struct { uint8_t asked, answered, agreed; bool contradiction; size_t sent, received; ...; }
    blocking_roughtime;
int blocking_roughtime_measure(blocking_roughtime *measurement, device_clock *clock,
                               const rootlet_bundle *bundle, const roughtime_options *options);

typedef struct { const char *address; } port_udp;
extern "Python+C" {
    bool port_random(uint8_t *bytes, size_t length);
    uint32_t port_milliseconds(void);
    void port_pause(uint32_t milliseconds);
    bool port_udp_open(port_udp *udp, const char *address);
    bool port_udp_send(port_udp *udp, const uint8_t *head, uint16_t length, const uint8_t *zeros,
                       uint16_t zeros_length);
    size_t port_udp_receive(port_udp *udp, uint8_t *bytes, size_t room, uint32_t timeout_ms);
    void port_udp_close(port_udp *udp);
}
"""


def build_policy(folder: Path) -> ModuleType:
    """The policy as a module, with undefined behaviour ending the program."""
    builder = FFI()
    builder.cdef(DECLARED)
    device = TREE / "device"
    folders = (device / "include", device / "src", COMMON, PORT)
    source = folder / "_policy.c"
    builder.set_source("_policy", '#include "agreement.h"\n#include "blocking_roughtime.h"\n')
    builder.emit_c_code(str(source))
    parts = ("base", "crypto", "roughtime")
    sources = [
        *(source, COMMON / "blocking_roughtime.c", *POLICY),
        *(path for part in parts for path in sorted((device / "src" / part).glob("*.c"))),
    ]
    module = folder / "_policy.so"
    command = [
        *("gcc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra"),
        *("-Wno-cast-function-type", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"),
        *(f"-I{place}" for place in (*folders, sysconfig.get_path("include"))),
        *(*map(str, sources), "-o", str(module)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    spec = importlib.util.spec_from_file_location("_policy", module)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@dataclass
class TimeServer:
    """One that may be slow, silent, wrong, or a liar."""

    ahead: int = 0
    """Seconds that its time differs from the true one."""
    radius: int = 3
    delay_ms: int = 20
    silent: int = 0
    """Questions that it does not answer, first."""
    spoil: Callable[[bytes], Sequence[bytes]] = lambda answer: (answer,)
    """What arrives in the place of its answer."""
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    asked: int = 0

    @property
    def public_key(self) -> bytes:
        """The one that devices know."""
        return raw_public_key(self.key)

    def answers(self, request: bytes, now: int) -> Sequence[bytes]:
        """The packets that go back."""
        self.asked += 1
        if self.asked <= self.silent:
            return ()

        def renew(when: int) -> Delegation:
            online = Ed25519PrivateKey.generate()
            return delegate(self.key, online, now=when, hours=24, versions=SUPPORTED_VERSIONS)

        core = Server([LongTermKey(self.public_key, renew)], versions=SUPPORTED_VERSIONS)
        (answer,) = core.answer([request], now + self.ahead, self.radius)
        assert answer is not None
        return self.spoil(answer)


@dataclass(frozen=True)
class Measured:
    """What a measurement came to."""

    status: str
    earliest: int
    latest: int
    asked: int
    answered: int
    agreed: int
    contradiction: bool
    evidence: bytes | None
    """None when it did not fit."""


class Network:
    """Servers, a device, and the time between them in milliseconds."""

    def __init__(
        self, policy: ModuleType, servers: Sequence[TimeServer], *, seed: int | None = None
    ) -> None:
        self.policy, self.servers = policy, list(servers)
        self.ffi, self.lib = policy.ffi, policy.lib
        self.milliseconds = WRAP - 5_000
        """The device's own count, about to wrap."""
        self.began = self.milliseconds
        self.waiting: list[tuple[int, bytes]] = []
        self.order: list[int] = []
        self.random = random.Random(seed) if seed is not None else None
        self.clock = self.ffi.new("device_clock *")
        self.lib.device_clock_start(self.clock, BUILT, self.ffi.NULL, 100, self.milliseconds % WRAP)
        self._connect()
        names = [self.ffi.new("char[]", str(i).encode()) for i in range(len(servers))]
        self._kept: list[Any] = names
        self._list = self.ffi.new("rootlet_time_server[]", max(1, len(servers)))
        for entry, name, server in zip(self._list, names, servers, strict=False):
            entry.address, entry.key = name, server.public_key
        self.bundle = self.ffi.new("rootlet_bundle *")
        self.bundle.time_servers = self._list
        self.bundle.time_server_count = len(servers)

    @property
    def now(self) -> float:
        """The true time, seconds since 1970."""
        return NOW + (self.milliseconds - self.began) / 1000

    def measure(self, *, room: int = 0, timeout_ms: int = 1000) -> Measured:
        """One measurement, with so many bytes for evidence."""
        kept = self.ffi.new("uint8_t[]", max(1, room))
        evidence = self.ffi.new("evidence *", {"bytes": kept, "room": room})
        options = self.ffi.new("roughtime_options *", {"timeout_ms": timeout_ms})
        if room:
            options.evidence = evidence
        state = self.ffi.new("blocking_roughtime *")
        status = self.lib.blocking_roughtime_measure(state, self.clock, self.bundle, options)
        known = self.lib.device_clock_now(self.clock, self.milliseconds % WRAP)
        return Measured(
            *(status_name(status), known.earliest, known.latest),
            *(state.asked, state.answered, state.agreed, state.contradiction),
            None if evidence.full else bytes(kept[0 : evidence.length]),
        )

    def _connect(self) -> None:
        """Gives the port its functions; only one network at a time."""
        for name in PORT_FUNCTIONS:
            self.ffi.def_extern(name=f"port_{name}")(getattr(self, f"_{name}"))

    def _random(self, into: Any, length: int) -> bool:
        drawn = self.random.randbytes(length) if self.random else os.urandom(length)
        self.ffi.memmove(into, drawn, length)
        return True

    def _milliseconds(self) -> int:
        return self.milliseconds % WRAP

    def _pause(self, milliseconds: int) -> None:
        self.milliseconds += milliseconds

    def _udp_open(self, udp: Any, address: Any) -> bool:
        udp.address = address
        return True

    def _udp_send(self, udp: Any, head: Any, length: int, zeros: Any, more: int) -> bool:
        self._ask(int(self.ffi.string(udp.address)), self.ffi.buffer(head, length)[:] + bytes(more))
        return True

    def _udp_receive(self, udp: Any, into: Any, room: int, timeout_ms: int) -> int:
        return self._receive(into, room, timeout_ms)

    def _udp_close(self, udp: Any) -> None:
        self.waiting.clear()

    def _ask(self, place: int, request: bytes) -> None:
        self.order.append(place)
        server = self.servers[place]
        for answer in server.answers(request, int(self.now)):
            self.waiting.append((self.milliseconds + server.delay_ms, answer))

    def _receive(self, into: Any, room: int, timeout_ms: int) -> int:
        if not self.waiting or self.waiting[0][0] > self.milliseconds + timeout_ms:
            self.milliseconds += timeout_ms
            return 0
        when, answer = self.waiting.pop(0)
        self.milliseconds = max(self.milliseconds, when)
        cut = answer[:room]
        self.ffi.memmove(into, cut, len(cut))
        return len(cut)
