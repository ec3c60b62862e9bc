"""What a validation is given, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rootlet.ca.acme.http_validation.addresses import Addresses
from rootlet.ca.acme.identifiers import Identifier
from rootlet.maker_ca import AcmeRules

__all__ = ["Task", "Validate"]


@dataclass(frozen=True)
class Task:
    """One challenge to validate."""

    identifier: Identifier
    token: str
    authorization: str
    """The key authorization."""
    rules: AcmeRules
    addresses: Addresses


class Validate(Protocol):
    """One type of challenge."""

    async def __call__(self, task: Task) -> None:
        """Return when the name is proved; ``Problem`` says what was found instead."""
