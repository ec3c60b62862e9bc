"""How many Roughtime requests a second one core answers, beside roughly and the machine's limit.

    python -m tools.bench_time

Servers run on one core, the load on another; every answer is one to a request that was checked in
full, and a sample of answers is verified by the client. Ends with 1 below a bar.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.roughtime import build_request, raw_public_key, save_key, verify
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode_packet

SOURCE = Path(__file__).with_name("time_load.c")
LOOPBACK = "127.0.0.1"
SECONDS = 3.0
KINDS = 4096
"""Different requests."""
OUTSTANDING = (256, 1024)
ROUNDS = 3
LONE = 2000

TIMES_ROUGHLY = 3.0
PER_SECOND = 25_000
WHERE_ECHO = 85_000
"""The rate is asked for where the machine's limit is at least this."""
LONE_MILLISECONDS = 1.0
TWO_PROCESSES = 1.7
SERVERS_AND_LOAD = 3
"""Cores that this takes: with two, the load takes what the second process would have."""


@dataclass(frozen=True)
class Load:
    """The program, and what it asks."""

    program: Path
    folder: Path
    key: Ed25519PrivateKey
    core: str

    @property
    def public_key(self) -> bytes:
        """The server's long-term key."""
        return raw_public_key(self.key)

    def requests(self) -> dict[bytes, bytes]:
        """Each with a nonce of its own."""
        nonces = [p.digest(number.to_bytes(4)) for number in range(KINDS)]
        return {nonce: build_request(nonce, self.public_key) for nonce in nonces}

    def rate(self, port: int, outstanding: int, *, verified: bool = True) -> float:
        """Answers a second."""
        asked = self.requests()
        file, samples = self.folder / "requests", self.folder / "samples"
        file.write_bytes(b"".join(asked.values()))
        words = [port, SECONDS, outstanding, file, KINDS, p.REQUEST_BYTES, samples]
        argv = ["taskset", "-c", self.core, str(self.program), "load", *map(str, words)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        answered, _, seconds = done.stdout.split()
        if verified:
            self._verify(asked, samples.read_bytes())
        return int(answered) / float(seconds)

    def _verify(self, asked: dict[bytes, bytes], samples: bytes) -> None:
        count = 0
        while samples:
            length = int.from_bytes(samples[:4], "little")
            response, samples = samples[4 : 4 + length], samples[4 + length :]
            verify(asked[decode_packet(response)[p.NONC]], response, self.public_key)
            count += 1
        if not count:
            raise SystemExit("no answer was kept: nothing was verified")


@contextmanager
def started(argv: list[str], cores: str, ready: str, **environment: str) -> Iterator[str]:
    """A server on these cores; yields the line that says it is ready."""
    command = ["taskset", "-c", cores, *argv]
    env = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            while ready not in line:
                if not line:
                    raise SystemExit(f"{' '.join(argv)} did not start")
                line = process.stdout.readline()
            yield line
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def free_port() -> int:
    """One that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def best(load: Load, port: int, outstanding: int, *, verified: bool = True) -> float:
    """Of several rounds: others use the machine, too."""
    rates = [load.rate(port, outstanding, verified=verified) for _ in range(ROUNDS)]
    return max(rates)


@contextmanager
def ours(load: Load, cores: str, processes: int = 1) -> Iterator[int]:
    """rootlet time serve."""
    file = load.folder / "ours.key"
    if not file.exists():
        save_key(file, load.key)
    argv = [sys.executable, "-m", "rootlet", "time", "serve", "--key", str(file), "--json"]
    argv += ["--listen", f"{LOOPBACK}:0", "--radius", "3", "--processes", str(processes)]
    argv += ["--grease", "0"]
    with started(argv, cores, "address") as line:
        yield int(json.loads(line)["address"].rpartition(":")[2])


@contextmanager
def roughly(load: Load, cores: str) -> Iterator[int]:
    """roughly server run."""
    port, secret = free_port(), base64.b64encode(load.key.private_bytes_raw()).decode()
    argv = [sys.executable, "-m", "roughly.cli", "server", "run", "--host", LOOPBACK]
    argv += ["--port", str(port), "--no-grease"]
    with started(argv, cores, "Starting", ROUGHLY_PRIVATE_KEY=secret):
        time.sleep(1)
        yield port


@contextmanager
def echo(load: Load, cores: str) -> Iterator[int]:
    """The limit: datagrams sent back by a C program."""
    port = free_port()
    with started([str(load.program), "echo", str(port)], cores, "ready"):
        yield port


def lone(load: Load, port: int) -> float:
    """Milliseconds until a lone request is answered, the median."""
    waits = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.connect((LOOPBACK, port))
        for request in list(load.requests().values())[:LONE]:
            begun = time.perf_counter()
            link.send(request)
            link.recv(4096)
            waits.append(time.perf_counter() - begun)
    return statistics.median(waits) * 1000


def listening(port: int) -> list[int]:
    """Processes of this user that have a UDP socket on the port."""
    table = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split() for line in table]
    inodes = {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if inodes & {str(link.readlink()) for link in (process / "fd").iterdir()}:
                found.append(int(process.name))
    return found


def processor_seconds(processes: Iterable[int]) -> float:
    """What these have used so far."""
    ticks = 0
    for process in processes:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        user, system = text.rpartition(")")[2].split()[11:13]
        ticks += int(user) + int(system)
    return ticks / os.sysconf("SC_CLK_TCK")


def two_processes(load: Load) -> bool:
    """Two beside one on a core of its own: this needs a core more than two, for the load."""
    rates, costs = [], []
    anywhere = replace(load, core="0,1")
    for count, cores, asking in ((1, "0", load), (2, "0,1", anywhere)):
        with ours(load, cores, count) as port:
            asking.rate(port, OUTSTANDING[-1])  # by then all of them have begun
            servers = listening(port)
            if len(servers) != count:
                raise SystemExit(f"{len(servers)} processes have the port, not {count}")
            tries = []
            for _ in range(ROUNDS):
                before = processor_seconds(servers)
                rate = asking.rate(port, OUTSTANDING[-1])
                tries.append((rate, (processor_seconds(servers) - before) / (rate * SECONDS)))
        rates.append(max(rate for rate, _ in tries))
        costs.append(statistics.median(cost for _, cost in tries))
    times, cores_here = rates[1] / rates[0], len(os.sched_getaffinity(0))
    print(
        f"two processes: {rates[1]:,.0f} a second, {times:.2f} times one ({rates[0]:,.0f}); an "
        f"answer costs {costs[1] * 1e6:.1f} us of processor with two, {costs[0] * 1e6:.1f} with one"
    )
    if cores_here < SERVERS_AND_LOAD:
        print(
            f"  not judged: {cores_here} cores, and the load takes what the second process would "
            f"have; {TWO_PROCESSES} times one takes {SERVERS_AND_LOAD} cores"
        )
        return True
    return times >= TWO_PROCESSES


def main() -> int:
    """Measure, and hold against the bars."""
    compiler = shutil.which("gcc")
    if compiler is None or shutil.which("taskset") is None:
        raise SystemExit("gcc and taskset are needed: apt-get install -y gcc util-linux")
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "time_load"
        subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True)
        load = Load(program, folder, Ed25519PrivateKey.generate(), "1")
        for outstanding in OUTSTANDING:
            with echo(load, "0") as port:
                limit = best(load, port, outstanding, verified=False)
            with roughly(load, "0") as port:
                peer = best(load, port, outstanding)
            with ours(load, "0") as port:
                rate = best(load, port, outstanding)
            print(
                f"{outstanding} outstanding: {rate:,.0f} answers a second of one core, "
                f"{rate / peer:.1f} times roughly ({peer:,.0f}), {rate / limit:.0%} of a C echo "
                f"({limit:,.0f})"
            )
            enough = rate >= PER_SECOND or limit < WHERE_ECHO
            good = good and enough and rate >= TIMES_ROUGHLY * peer
        with ours(load, "0") as port:
            wait = lone(load, port)
            print(f"a lone request: {wait:.3f} ms at the median")
        good = good and wait <= LONE_MILLISECONDS
        good = two_processes(load) and good
    print("Next: no figure is below its bar" if good else "Next: below a bar, see above")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
