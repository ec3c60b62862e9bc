/* The host asked for, and whether a certificate is for it: RFC 9525. */
#ifndef ROOTLET_X509_HOST_H
#define ROOTLET_X509_HOST_H

#include "base/reader.h"
#include "rootlet/x509.h"

/*
 * The length of the configured host, a trailing dot not counted; 0 when it is not usable.
 * Usable are: an address of 4 or 16 bytes; a DNS name of at most ROOTLET_HOST_NAME_BYTES in
 * labels of 1 to 63 letters, digits and hyphens, the last one not all digits, which would be an
 * address written out (RFC 1123 section 2.1).
 */
/*@ requires \valid_read(config) && \valid_read(config->host + (0 .. config->host_length - 1));
    assigns \nothing;
    ensures \result <= config->host_length; */
size_t rootlet_x509_host_length(const rootlet_x509_config *config);

/*
 * Looks for the host in the contents of a SubjectAltName's GeneralNames; config->host is usable,
 * and host_length what rootlet_x509_host_length gives.
 * Every entry is looked at, also behind a match. ROOTLET_ERR_X509_NAME when none matches,
 * ROOTLET_ERR_X509_EXTENSION when one is malformed: an unknown kind or an empty one, a DNS name of
 * other than printable ASCII, an address of other than 4 or 16 bytes. Inside the other kinds of
 * names nothing is checked.
 */
/*@ requires \valid_read(alternative_names) && readable(*alternative_names) &&
        \valid_read(config) && \valid_read(config->host + (0 .. host_length - 1));
    assigns \nothing; */
ROOTLET_CHECKED rootlet_status rootlet_x509_match_host(const rootlet_reader *alternative_names,
                                                       const rootlet_x509_config *config,
                                                       size_t host_length);

#endif
