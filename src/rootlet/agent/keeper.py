"""Keeps one certificate fresh: looks at it, and does what is due."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509

from rootlet.agent.chain import CERTIFICATE, Pair, Wanted, check_pair
from rootlet.agent.http_acme import AcmeClient
from rootlet.agent.http_challenge import answers
from rootlet.agent.memory_store import Memory, load_memory, save_memory
from rootlet.agent.model import Kept
from rootlet.agent.orders import certificate_id
from rootlet.agent.pair_store import PairStore
from rootlet.agent.report import Report, alarm_of
from rootlet.agent.schedule import (
    Life,
    ask_again_at,
    due_at,
    fraction_of,
    health_of,
    life_of,
    next_try,
)
from rootlet.errors import Environment, Refused, RootletError, Secret
from rootlet.files import read_bytes
from rootlet.pki import certificates_from_pem, generate_key, key_to_pem

__all__ = ["Keeper", "Plan", "Telling"]

DAY = timedelta(days=1)


class Telling(Protocol):
    """The log."""

    def __call__(self, level: str, what: str, /, **fields: object) -> None:
        """One line; ``level`` is "info", "warning" or "error"."""


@dataclass(frozen=True)
class Plan:
    """How a certificate is and what comes next."""

    life: Life | None
    """None without a certificate, or with one that is of no use."""
    serial: str
    due: datetime
    at: datetime
    """When to try next."""
    under_way: bool


@dataclass(frozen=True)
class Keeper:
    """One certificate, its server, and the CA."""

    kept: Kept
    wanted: Wanted
    store: PairStore
    acme: AcmeClient
    memory: Path
    """File of what is remembered."""
    tell: Telling
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random

    def plan(self, memory: Memory | None = None) -> Plan:
        """What comes next; changes nothing."""
        memory = load_memory(self.memory) if memory is None else memory
        now, leaf = self.clock(), self._leaf()
        serial = "" if leaf is None else f"{leaf.serial_number:x}"
        memory = memory.about(serial)
        under_way = self.store.note() is not None
        life = None if leaf is None else self._life(leaf, memory)
        fraction = 0.0 if leaf is None else fraction_of(leaf.serial_number)
        due = now if life is None else due_at(life, fraction=fraction, window=memory.asked_window)
        at = next_try(
            life,
            memory.attempts,
            now=now,
            due=now if under_way else due,
            random=memory.chance,
        )
        return Plan(life, serial, due, at, under_way)

    def _life(self, leaf: x509.Certificate, memory: Memory) -> Life:
        return life_of(
            leaf.not_valid_before_utc,
            leaf.not_valid_after_utc,
            backdate=timedelta(minutes=self.wanted.profile.lifetimes.backdate_minutes),
            made=memory.made_at,
        )

    def _leaf(self) -> x509.Certificate | None:
        """The installed certificate, be it expired; None when it is missing or of no use."""
        try:
            self.store.read_current(self.wanted, now=self.clock())
        except Environment as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise  # may not be read: that is no reason to order another
        except Secret:
            return None
        except Refused as error:
            if error.status != "clock":
                return None
        pem = read_bytes(self.store.place / CERTIFICATE, what="the certificate")
        return certificates_from_pem(pem, what=CERTIFICATE)[0]

    def report(self) -> Report:
        """How it is."""
        memory = load_memory(self.memory)
        plan, now = self.plan(memory), self.clock()
        health = health_of(plan.life, now=now, due=plan.due)
        length = DAY if plan.life is None else plan.life.length
        behind = timedelta(seconds=memory.clock_behind)
        succeeded = memory.last_success
        return Report(
            name=self.kept.name,
            folder=self.kept.folder,
            health=health,
            serial=plan.serial,
            not_after=None if plan.life is None else plan.life.end,
            left=None if plan.life is None else plan.life.end - now,
            due=plan.due,
            next_try=plan.at,
            window=memory.about(plan.serial).asked_window is not None,
            under_way=plan.under_way,
            failures=memory.failures,
            failure=memory.failure,
            last_success=None if succeeded is None else datetime.fromtimestamp(succeeded, UTC),
            clock_behind=behind,
            alarm=alarm_of(health, memory.failure, behind=behind, length=length),
        )

    def turn(self, *, force: bool = False) -> Report:
        """Ask the CA when, and replace the certificate if that is now.

        What failed is remembered, told, and in the report.
        """
        with self.store.locked():
            if not force and self.plan().at > self.clock():
                self._ask()
            if force or self.plan().at <= self.clock():
                self._try()
        report = self.report()
        if report.alarm:
            self.tell(
                "error",
                "alarm",
                name=report.name,
                alarm=report.alarm,
                seconds_left=report.fields()["seconds_left"],
                error=None if report.failure is None else report.failure.message,
                hint=None if report.failure is None else report.failure.hint,
            )
        return report

    def wakes_at(self) -> datetime:
        """When there is something to do: a try, or the question when to try."""
        memory = load_memory(self.memory)
        plan = self.plan(memory)
        if plan.life is None or plan.under_way or plan.at <= self.clock():
            return plan.at
        asks = memory.about(plan.serial).ask_at
        return min(plan.at, self.clock() if asks is None else datetime.fromtimestamp(asks, UTC))

    def _ask(self) -> None:
        """Ask the CA when it wants the certificate replaced, where it is time to ask."""
        leaf, now = self._leaf(), self.clock()
        if leaf is None or now > leaf.not_valid_after_utc:
            return
        memory = load_memory(self.memory).about(f"{leaf.serial_number:x}")
        if memory.ask_at is not None and now.timestamp() < memory.ask_at:
            return
        life, retry_after = self._life(leaf, memory), None
        try:
            ari = self.acme.window(leaf, now=now)
        except RootletError as error:
            self.tell("warning", "not_told_when", name=self.kept.name, error=error.message)
        else:
            retry_after = ari.retry_after
            told = ari.window
            memory = replace(
                memory,
                window=None if told is None else (told.start.timestamp(), told.end.timestamp()),
                clock_behind=ari.behind.total_seconds(),
            )
        again = ask_again_at(life, now=now, retry_after=retry_after)
        save_memory(self.memory, replace(memory, ask_at=again.timestamp()))

    def _try(self) -> None:
        try:
            self.store.current()  # raises where the place is not ours: before anything is ordered
            pair = self._pending() or self._ordered()
            self.store.take_up(pair)
        except RootletError as error:
            self._failed(error)
        except OSError as error:
            what = f"{error.filename}: " if error.filename else ""
            message = f"{what}{error.strerror or error}"
            hint = "make room or fix the permissions; it is tried again by itself"
            self._failed(Environment(message, hint=hint, status="machine"))
        else:
            now = self.clock()
            memory = load_memory(self.memory).about(pair.version).succeeded(now=now)
            save_memory(self.memory, memory)
            self.tell(
                "info",
                "renewed",
                name=self.kept.name,
                serial=pair.version,
                not_after=f"{pair.leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
            )

    def _failed(self, error: RootletError) -> None:
        memory = load_memory(self.memory).failed(error, now=self.clock(), chance=self.chance())
        save_memory(self.memory, memory)
        self.tell(
            "warning",
            "not_renewed",
            name=self.kept.name,
            failures=memory.failures,
            error=error.message,
            hint=error.hint,
            status=error.status,
        )

    def _pending(self) -> Pair | None:
        """A pair that was received before and is not itself due for renewal."""
        now = self.clock()
        pair = self.store.pending(self.wanted, now=now)
        if pair is None:
            return None
        memory = load_memory(self.memory).about(pair.version)
        due = due_at(self._life(pair.leaf, memory), fraction=0.0, window=None)
        return pair if now < due else None

    def _ordered(self) -> Pair:
        """A new pair from the CA, checked and offered."""
        leaf, key = self._leaf(), generate_key(self.wanted.profile)
        chain = self.acme.order(
            key,
            self.wanted.names,
            profile=self.kept.acme_profile,
            replaces=None if leaf is None else certificate_id(leaf),
            answering=self._answering,
        )
        now = self.clock()
        pair = check_pair(chain, key_to_pem(key), self.wanted, now=now)
        self.store.offer(pair)
        memory = load_memory(self.memory).about(pair.version)
        save_memory(self.memory, replace(memory, made=now.timestamp()))
        return pair

    def _answering(self, texts: Mapping[str, str]) -> AbstractContextManager[None]:
        return answers(texts, listen=self.kept.listen, webroot=self.kept.webroot)
