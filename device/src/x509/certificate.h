/*
 * One certificate read: where in its DER the parts stand that a path check needs. Nothing is
 * copied; a view is good as long as the bytes are.
 */
#ifndef ROOTLET_X509_CERTIFICATE_H
#define ROOTLET_X509_CERTIFICATE_H

#include "base/reader.h"
#include "rootlet/x509.h"

/* KeyUsage's first octet, RFC 5280 section 4.2.1.3. */
#define ROOTLET_X509_DIGITAL_SIGNATURE 0x80u
#define ROOTLET_X509_KEY_CERT_SIGN 0x04u

/* Bytes stand first: an offset below 32 is half an instruction on a Cortex-M. */
typedef struct rootlet_x509_view {
    uint8_t key_usage;   /* KeyUsage's first octet; all bits when absent */
    uint8_t path_length; /* pathLenConstraint; 255 when absent */
    bool is_ca;          /* by basicConstraints */
    bool for_servers;    /* no extended key usage, or one with serverAuth */
    bool names_critical; /* a critical subjectAltName */
    int64_t not_before;  /* seconds since 1970 */
    int64_t not_after;
    rootlet_reader tbs;               /* the whole TBSCertificate: what is signed */
    rootlet_reader signature;         /* the bits */
    rootlet_reader issuer;            /* the whole Name, never an empty one */
    rootlet_reader subject;           /* the whole Name */
    rootlet_reader alternative_names; /* contents of GeneralNames; nothing when absent */
    const uint8_t *public_key;        /* ROOTLET_PUBLIC_KEY_BYTES */
} rootlet_x509_view;

/*@ // What a certificate read holds: every part within its bytes.
    predicate complete(rootlet_x509_view *v) =
        readable(v->tbs) && readable(v->signature) && readable(v->issuer) && readable(v->subject) &&
        readable(v->alternative_names) &&
        \valid_read(v->public_key + (0 .. ROOTLET_PUBLIC_KEY_BYTES - 1)); */

/* Length of a whole Name that has no parts. */
#define ROOTLET_X509_EMPTY_NAME 2

/* Reads a certificate and checks all that can be said of it alone; the view is complete only on
 * ROOTLET_OK. The statuses, and their order, are in rootlet/x509.h: step 1. */
/*@ requires \valid(view) && \valid_read(certificate) && \separated(view, certificate);
    requires certificate_at(certificate, 0);
    assigns *view;
    ensures \result == ROOTLET_OK ==> complete(view); */
ROOTLET_CHECKED rootlet_status rootlet_x509_read(rootlet_x509_view *view,
                                                 const rootlet_certificate *certificate);

#endif
