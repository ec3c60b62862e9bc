"""The CA's services put together: one Starlette application from the routes of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from rootlet.ca.acme.account_store import AccountStore
from rootlet.ca.acme.documents import Urls
from rootlet.ca.acme.http_context import Acme, Present
from rootlet.ca.acme.http_routes import AcmeRoutes
from rootlet.ca.acme.http_validation.validator import Validator
from rootlet.ca.acme.limits import Limits
from rootlet.ca.acme.nonce_store import nonces_of
from rootlet.ca.acme.order_store import OrderStore
from rootlet.ca.authority import Authority
from rootlet.ca.est.enrolment_store import EnrolmentStore
from rootlet.ca.est.http_est import Est
from rootlet.ca.record_store import RecordStore
from rootlet.ca.revocation_store import RevocationStore
from rootlet.ca.status.http_status import StatusPage
from rootlet.ca.status.metrics import Metrics
from rootlet.errors import Misuse, Refused, RootletError
from rootlet.maker import Maker
from rootlet.maker_ca import AcmeRules

__all__ = ["DEFAULT_PROFILE", "Services", "order_profiles"]

DEFAULT_PROFILE = "server"
"""The order profile of a maker who names none."""

SWEEP_SECONDS = 3600.0

THREADS = {True: 12, False: 3}
"""Requests that are worked on at once, by whether the database is a server that is waited for. With
SQLite there is one writer at a time, and each more thread takes a tenth of the time for itself."""


def order_profiles(authority: Authority, rules: AcmeRules) -> dict[str, timedelta]:
    """The order profiles; ``Misuse`` for one that the profile's limits do not allow."""
    policy = authority.policy
    profiles = dict(rules.profiles) or {DEFAULT_PROFILE: policy.server_lifetime}
    for name, lifetime in profiles.items():
        try:
            policy.server_period(lifetime)
        except Refused as error:
            raise Misuse(f"[ca.acme.profiles] {name}: {error.message}", hint=error.hint) from error
    return profiles


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    """What ``rootlet ca serve`` answers with."""

    maker: Maker
    present: Present
    records: RecordStore
    base: str
    """What clients call this service by, without a slash at the end."""
    event: Callable[..., None]
    password: bytes | None = None
    """Of the status page, for whoever asks from elsewhere; None: nobody."""
    now: Callable[[], datetime] = _now

    def app(self) -> Starlette:
        """The application; it validates challenges while its lifespan lasts."""
        database, rules = self.records.database, self.maker.ca.acme
        orders, accounts, metrics = OrderStore(database), AccountStore(database), Metrics()
        revocations = RevocationStore(self.records)
        validator = Validator(orders, rules, now=self.now, event=self.event)
        acme = Acme(
            present=self.present,
            records=self.records,
            revocations=revocations,
            accounts=accounts,
            orders=orders,
            nonces=nonces_of(database, time.time),
            rules=rules,
            profiles=order_profiles(self.present.authority(self.now()), rules),
            limits=Limits(rules, time.monotonic),
            urls=Urls(self.base),
            now=self.now,
            submit=validator.submit,
            event=self.event,
        )
        page = StatusPage(database, self.maker.name, metrics, password=self.password, now=self.now)

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(THREADS[database.shared]))
            validator.start()
            sweeping = loop.create_task(self._sweep(orders))
            yield
            sweeping.cancel()
            await validator.stop()

        est = Est(
            lambda: nullcontext(self.present.authority(self.now())),
            EnrolmentStore(database),
            revoked=revocations.has,
            refused=metrics.refused,
            now=self.now,
        )
        acme_routes = AcmeRoutes(acme, refused=metrics.refused)
        routes = [*acme_routes.routes(), *est.routes(), *page.routes()]
        handlers = {HTTPException: acme_routes.nowhere}
        return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)

    async def _sweep(self, orders: OrderStore) -> None:
        """Forget what is over, now and every hour."""
        while True:
            try:
                await asyncio.to_thread(orders.sweep, self.now())
            except RootletError as error:
                self.event("fault", error=error.message, hint=error.hint)
            await asyncio.sleep(SWEEP_SECONDS)
