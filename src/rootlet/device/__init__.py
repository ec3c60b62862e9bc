"""The device library's own C code, called from Python: what a device would say."""

from __future__ import annotations

from rootlet.device.chain import Anchor, Host, check_chain
from rootlet.device.clock import TimeSample, check_time
from rootlet.device.status import status_name, status_text
from rootlet.device.tls import FULL_RECORD_BYTES, RANDOM_BYTES, RECORD_BYTES, Identity, TlsClient

__all__ = [
    "FULL_RECORD_BYTES",
    "RANDOM_BYTES",
    "RECORD_BYTES",
    "Anchor",
    "Host",
    "Identity",
    "TimeSample",
    "TlsClient",
    "check_chain",
    "check_time",
    "status_name",
    "status_text",
]
