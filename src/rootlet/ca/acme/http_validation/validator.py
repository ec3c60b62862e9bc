"""Runs validations in the background, each once at a time and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rootlet.ca.acme.http_validation.addresses import Addresses
from rootlet.ca.acme.http_validation.dns01 import dns01
from rootlet.ca.acme.http_validation.http01 import http01
from rootlet.ca.acme.http_validation.interface import Task, Validate
from rootlet.ca.acme.http_validation.tls_alpn01 import tls_alpn01
from rootlet.ca.acme.identifiers import key_authorization
from rootlet.ca.acme.model import Account, Authorization
from rootlet.ca.acme.order_store import OrderStore
from rootlet.ca.acme.problems import Kind, Problem
from rootlet.errors import RootletError
from rootlet.maker_ca import AcmeRules

__all__ = ["Validator"]

VALIDATIONS: Mapping[str, Validate] = {
    "http-01": http01,
    "tls-alpn-01": tls_alpn01,
    "dns-01": dns01,
}

SECONDS = 15.0
"""Longest time that one validation takes in all."""

MOST_AT_ONCE = 64
"""More wait: each holds a connection to somebody else's server."""


class Validator:
    """Validates what it is given and keeps what came of it."""

    def __init__(
        self,
        orders: OrderStore,
        rules: AcmeRules,
        *,
        now: Callable[[], datetime],
        event: Callable[..., None],
    ) -> None:
        self._orders = orders
        self._rules = rules
        self._addresses = Addresses(rules)
        self._now = now
        self._event = event
        self._loop: asyncio.AbstractEventLoop | None = None
        self._going: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    def start(self) -> None:
        """Work in the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def submit(self, authorization: Authorization, kind: str, owner: Account) -> None:
        """Validate a challenge, if that is not under way; from any thread."""
        assert self._loop is not None
        task = Task(
            identifier=authorization.identifier,
            token=authorization.token,
            authorization=key_authorization(authorization.token, owner.thumbprint),
            rules=self._rules,
            addresses=self._addresses,
        )
        self._loop.call_soon_threadsafe(self._begin, (authorization.id, kind), task)

    def _begin(self, key: tuple[str, str], wanted: Task) -> None:
        if key not in self._going:
            task = asyncio.get_running_loop().create_task(self._validate(*key, wanted))
            self._going[key] = task
            task.add_done_callback(lambda _: self._going.pop(key, None))

    async def stop(self) -> None:
        """Give up what is under way; it is begun anew when its client asks."""
        tasks = list(self._going.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _validate(self, identity: str, kind: str, task: Task) -> None:
        async with self._room:
            try:
                error = await self._outcome(kind, task)
                await asyncio.to_thread(self._keep, identity, kind, error)
            except RootletError as fault:
                self._event("fault", error=fault.message, hint=fault.hint)

    async def _outcome(self, kind: str, task: Task) -> dict[str, Any] | None:
        """None when the name is proved, else the problem."""
        try:
            async with asyncio.timeout(SECONDS):
                await VALIDATIONS[kind](task)
        except Problem as problem:
            return problem.document()
        except TimeoutError:
            return Problem(
                Kind.CONNECTION, f"no answer within {SECONDS:.0f} seconds: see to the server there"
            ).document()
        except Exception as error:  # noqa: BLE001 - no server may leave its challenge undecided
            self._event("fault", error=type(error).__name__, challenge=kind)
            return Problem(
                Kind.SERVER_INTERNAL, "the CA could not make sense of what is there: its log says"
            ).document()
        return None

    def _keep(self, identity: str, kind: str, error: dict[str, Any] | None) -> None:
        self._orders.validated(identity, kind, error, self._now())
        fields = {} if error is None else {"type": error["type"], "detail": error["detail"]}
        self._event(
            "validated" if error is None else "not_validated",
            authorization=identity,
            challenge=kind,
            **fields,
        )
