"""Keys, names and certificates by the profile: what every part above shares. No I/O."""

from rootlet.pki.certificates import (
    SERIAL_BYTES,
    Kind,
    Validity,
    ca_number,
    issue_issuing,
    issue_root,
    issuing_subject,
    new_serial,
    root_subject,
    validity_from,
)
from rootlet.pki.check import check_issued, check_root
from rootlet.pki.crl import Reason, Revoked, issue_crl
from rootlet.pki.identity import device_identity
from rootlet.pki.keys import (
    PrivateKey,
    PublicKey,
    generate_key,
    key_algorithm,
    key_from_pem,
    key_identifier,
    key_to_pem,
    public_bytes,
    require_profile_key,
    signing_hash,
)
from rootlet.pki.leaf import issue_device, issue_server
from rootlet.pki.names import (
    Host,
    check_device_id,
    check_urn_prefix,
    device_uri,
    general_name,
    host_text,
    parse_dns_name,
    parse_host,
)
from rootlet.pki.pem import (
    certificate_from_pem,
    certificate_to_pem,
    certificates_from_pem,
    chain_to_pem,
    fingerprint,
    parse_fingerprint,
    pem_text,
)
from rootlet.pki.sealing import KeySealer
from rootlet.pki.words import spoken

__all__ = [
    "SERIAL_BYTES",
    "Host",
    "KeySealer",
    "Kind",
    "PrivateKey",
    "PublicKey",
    "Reason",
    "Revoked",
    "Validity",
    "ca_number",
    "certificate_from_pem",
    "certificate_to_pem",
    "certificates_from_pem",
    "chain_to_pem",
    "check_device_id",
    "check_issued",
    "check_root",
    "check_urn_prefix",
    "device_identity",
    "device_uri",
    "fingerprint",
    "general_name",
    "generate_key",
    "host_text",
    "issue_crl",
    "issue_device",
    "issue_issuing",
    "issue_root",
    "issue_server",
    "issuing_subject",
    "key_algorithm",
    "key_from_pem",
    "key_identifier",
    "key_to_pem",
    "new_serial",
    "parse_dns_name",
    "parse_fingerprint",
    "parse_host",
    "pem_text",
    "public_bytes",
    "require_profile_key",
    "root_subject",
    "signing_hash",
    "spoken",
    "validity_from",
]
