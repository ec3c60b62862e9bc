"""The agent as a whole: all certificates of a configuration, once or for as long as it runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from rootlet.agent.account_store import account_key
from rootlet.agent.chain import Wanted, read_root
from rootlet.agent.http_acme import AcmeClient
from rootlet.agent.keeper import Keeper, Telling
from rootlet.agent.model import AgentConfig, Kept
from rootlet.agent.notify_serve import notify, watchdog_seconds
from rootlet.agent.pair_store import PairStore, Step
from rootlet.agent.report import Report, metrics_text
from rootlet.agent.server_control import ServerControl
from rootlet.errors import RootletError
from rootlet.files import read_bytes, write_atomic
from rootlet.servers import WRITERS

__all__ = ["STATUS", "keepers_of", "once", "run", "write_reports"]

STATUS = "status.json"
"""In the state folder: the reports, for other programs."""

LONGEST_WAIT = 30.0
"""Seconds between two looks at the clock: it may be set, and the machine may have slept."""

AFTER_FAULT = 60.0
"""Seconds until a certificate is looked at again that could not even be looked at."""

TURN_SECONDS = 600.0
"""A turn that takes longer hangs: the watchdog is no longer told that all is well."""

MOST_THREADS = 8
"""Certificates that are worked on at once; a CA that is away holds each for ten seconds."""


def keepers_of(config: AgentConfig, tell: Telling, *, dry: bool = False) -> tuple[Keeper, ...]:
    """A keeper for each certificate; the account's key is made where there is none, unless dry."""
    if not dry:
        account_key(config.account_key)
    return tuple(_keeper(config, kept, tell) for kept in config.certificates)


def _keeper(config: AgentConfig, kept: Kept, tell: Telling) -> Keeper:
    pem = read_bytes(config.root, what="the root's certificate")
    root = read_root(pem, kept.profile, what=str(config.root))

    def observe(step: Step) -> None:
        tell("info", "step", name=kept.name, step=step.value)

    server = ServerControl(
        writer=WRITERS[kept.server](),
        config=kept.server_config,
        address=kept.address,
        name=kept.names[0],
        root=root,
        confirm_seconds=kept.confirm_seconds,
    )
    return Keeper(
        kept=kept,
        wanted=Wanted(kept.names, kept.profile, root),
        store=PairStore(kept.folder, server, observe),
        acme=AcmeClient(
            config.directory,
            root=config.root,
            account_key_path=config.account_key,
            binding=config.binding,
        ),
        memory=config.state / f"{kept.name}.json",
        tell=tell,
    )


def write_reports(config: AgentConfig, reports: Sequence[Report]) -> None:
    """Write what other programs read: the state as JSON, and the metrics."""
    fields = {"certificates": [report.fields() for report in reports]}
    content = json.dumps(fields, indent=2).encode() + b"\n"
    write_atomic(config.state / STATUS, content, private=False)
    if config.metrics is not None:
        write_atomic(config.metrics, metrics_text(reports), private=False)


def once(config: AgentConfig, tell: Telling, *, force: bool) -> list[Report]:
    """Do what is due for every certificate, one after the other.

    One that cannot even be looked at is raised when all others had their turn.
    """
    reports, faults = [], []
    for keeper in keepers_of(config, tell):
        try:
            reports.append(keeper.turn(force=force))
        except RootletError as error:
            faults.append(error)
    write_reports(config, reports)
    if faults:
        raise faults[0]
    return reports


class _Service:
    """Each certificate in turns of its own, so that one that hangs holds up no other."""

    def __init__(
        self, config: AgentConfig, tell: Telling, stop: threading.Event, wake: threading.Event
    ) -> None:
        self._config, self._tell, self._stop, self._wake = config, tell, stop, wake
        self._keepers = keepers_of(config, tell)
        self._turns: dict[int, tuple[Future[None], float]] = {}
        self._not_before = [0.0] * len(self._keepers)
        """Monotonic seconds, after a fault."""

    def serve(self, *, longest_wait: float) -> None:
        threads = min(len(self._keepers), MOST_THREADS)
        with ThreadPoolExecutor(threads, thread_name_prefix="certificate") as pool:
            self._write()
            while not self._stop.is_set():
                self._wake.clear()
                wait = min([longest_wait, *(self._begin(pool, n) for n in self._numbers())])
                if not any(time.monotonic() - since > TURN_SECONDS for since in self._running()):
                    notify("WATCHDOG=1")
                self._wake.wait(max(wait, 0.01))

    def _numbers(self) -> range:
        return range(len(self._keepers))

    def _running(self) -> list[float]:
        return [since for future, since in self._turns.values() if not future.done()]

    def _begin(self, pool: ThreadPoolExecutor, number: int) -> float:
        """Begin a turn if it is time for one; seconds until there is something to do."""
        turn = self._turns.get(number)
        if turn is not None and not turn[0].done():
            return LONGEST_WAIT  # its end wakes us
        paused = self._not_before[number] - time.monotonic()
        if paused > 0:
            return paused
        try:
            wait = (self._keepers[number].wakes_at() - datetime.now(UTC)).total_seconds()
        except (RootletError, OSError) as error:
            return self._fault(number, error)
        if wait > 0:
            return wait
        future = pool.submit(self._turn, number)
        self._turns[number] = (future, time.monotonic())
        future.add_done_callback(lambda _: self._wake.set())
        return LONGEST_WAIT

    def _turn(self, number: int) -> None:
        try:
            self._keepers[number].turn()
            self._write()
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the service
            self._fault(number, error)

    def _fault(self, number: int, error: Exception) -> float:
        self._not_before[number] = time.monotonic() + AFTER_FAULT
        name = self._keepers[number].kept.name
        self._tell("error", "fault", name=name, kind=type(error).__name__, error=str(error))
        return AFTER_FAULT

    def _write(self) -> None:
        try:
            write_reports(self._config, [keeper.report() for keeper in self._keepers])
        except (RootletError, OSError) as error:
            self._tell("error", "no_reports", error=str(error))


def run(
    config: AgentConfig,
    tell: Telling,
    *,
    stop: threading.Event,
    wake: threading.Event,
    ready: Callable[[], None],
) -> None:
    """Keep every certificate fresh until ``stop`` is set (set ``wake``, too)."""
    service = _Service(config, tell, stop, wake)
    watchdog = watchdog_seconds()
    notify("READY=1\nSTATUS=keeping " + ", ".join(kept.name for kept in config.certificates))
    ready()
    service.serve(longest_wait=min(LONGEST_WAIT, (watchdog or LONGEST_WAIT) / 3))
    notify("STOPPING=1")
