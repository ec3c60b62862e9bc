"""The maker's certificate authority: policy, issuance, and the record of what was issued."""

from rootlet.ca.audit import Entry, Event
from rootlet.ca.audit_check_store import Findings, Problem
from rootlet.ca.authority import Authority, DeviceRequest, Issued, Verifier
from rootlet.ca.backup_store import Backup, make_backup, restore_backup
from rootlet.ca.ceremony import Ceremony, Sitting, read_ceremony
from rootlet.ca.ceremony_store import (
    BundleCheck,
    hold_init,
    hold_renewal,
    init_ca,
    prepare_successor,
    promote_successor,
    renew_issuing_ca,
    root_crl,
    rotate_issuing,
)
from rootlet.ca.clock import ClockGuard, Measured, TimeSource
from rootlet.ca.crl_store import WrittenCrl, write_crls
from rootlet.ca.database_store import Database, open_engine, place_of
from rootlet.ca.hall_store import Conditions, Held
from rootlet.ca.issuers_store import (
    Issuer,
    Issuers,
    clients_path,
    crl_path,
    root_path,
    successor_path,
)
from rootlet.ca.making import NewCa, make_ca, renew_issuing
from rootlet.ca.policy import Policy, policy_of
from rootlet.ca.provision import BadRow, Row, Totals, read_rows
from rootlet.ca.provision_store import BATCH, Line, provision, read_requests
from rootlet.ca.record_store import RecordStore
from rootlet.ca.records import Issuance, Records, Status
from rootlet.ca.revocation_store import Revocation, RevocationStore
from rootlet.ca.root_keys_store import RootAccess
from rootlet.ca.store import deliver, issued_folder, open_authority, open_records
from rootlet.ca.token_store import Token, open_token

__all__ = [
    "BATCH",
    "Authority",
    "Backup",
    "BadRow",
    "BundleCheck",
    "Ceremony",
    "ClockGuard",
    "Conditions",
    "Database",
    "DeviceRequest",
    "Entry",
    "Event",
    "Findings",
    "Held",
    "Issuance",
    "Issued",
    "Issuer",
    "Issuers",
    "Line",
    "Measured",
    "NewCa",
    "Policy",
    "Problem",
    "RecordStore",
    "Records",
    "Revocation",
    "RevocationStore",
    "RootAccess",
    "Row",
    "Sitting",
    "Status",
    "TimeSource",
    "Token",
    "Totals",
    "Verifier",
    "WrittenCrl",
    "clients_path",
    "crl_path",
    "deliver",
    "hold_init",
    "hold_renewal",
    "init_ca",
    "issued_folder",
    "make_backup",
    "make_ca",
    "open_authority",
    "open_engine",
    "open_records",
    "open_token",
    "place_of",
    "policy_of",
    "prepare_successor",
    "promote_successor",
    "provision",
    "read_ceremony",
    "read_requests",
    "read_rows",
    "renew_issuing",
    "renew_issuing_ca",
    "restore_backup",
    "root_crl",
    "root_path",
    "rotate_issuing",
    "successor_path",
    "write_crls",
]
