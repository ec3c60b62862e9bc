"""The maker's certificate authority: policy, issuance, and the record of what was issued."""

from rootlet.ca.audit import Entry, Event
from rootlet.ca.audit_check_store import Findings, Problem
from rootlet.ca.authority import (
    Authority,
    DeviceRequest,
    Issued,
    NewCa,
    Verifier,
    make_ca,
    renew_issuing,
)
from rootlet.ca.database_store import Database, open_engine, place_of
from rootlet.ca.policy import Policy, policy_of
from rootlet.ca.provision import BadRow, Row, Totals, read_rows
from rootlet.ca.provision_store import BATCH, Line, provision, read_requests
from rootlet.ca.record_store import RecordStore
from rootlet.ca.records import Issuance, Records, Status
from rootlet.ca.store import (
    clients_path,
    deliver,
    init_ca,
    issued_folder,
    open_authority,
    open_records,
    renew_issuing_ca,
    root_path,
)

__all__ = [
    "BATCH",
    "Authority",
    "BadRow",
    "Database",
    "DeviceRequest",
    "Entry",
    "Event",
    "Findings",
    "Issuance",
    "Issued",
    "Line",
    "NewCa",
    "Policy",
    "Problem",
    "RecordStore",
    "Records",
    "Row",
    "Status",
    "Totals",
    "Verifier",
    "clients_path",
    "deliver",
    "init_ca",
    "issued_folder",
    "make_ca",
    "open_authority",
    "open_engine",
    "open_records",
    "place_of",
    "policy_of",
    "provision",
    "read_requests",
    "read_rows",
    "renew_issuing",
    "renew_issuing_ca",
    "root_path",
]
