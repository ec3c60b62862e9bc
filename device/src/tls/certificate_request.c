/* CertificateRequest, section 4.4.2. */
#include "engine.h"
#include "extensions.h"

rootlet_status rootlet_tls_take_certificate_request(rootlet_tls *tls, rootlet_reader *body,
                                                    const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    if (rootlet_read_be(body, 1) != 0) { /* certificate_request_context */
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    if (!rootlet_tls_enter_last(body, 2)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    rootlet_status status =
        rootlet_tls_check_extensions(body, BIT_SIGNATURE_ALGORITHMS | BIT_UNKNOWN, tls->offered);
    if (status != ROOTLET_OK) {
        return status;
    }
    /* Section 4.3.3. */
    rootlet_reader schemes;
    if (!rootlet_tls_find_extension(&schemes, body, EXTENSION_SIGNATURE_ALGORITHMS)) {
        return ROOTLET_ERR_TLS_MISSING_EXTENSION;
    }
    if (!rootlet_tls_enter_last(&schemes, 2) || schemes.left == 0 || schemes.left % 2 != 0) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    tls->asked_for = ASKED_FOR_EMPTY_CERTIFICATE;
    while (ROOTLET_TLS_CLIENT_AUTH && schemes.left > 0) {
        if (rootlet_read_be(&schemes, 2) == ROOTLET_TLS_SIGNATURE_SCHEME &&
            tls->config->identity != NULL) {
            tls->asked_for = ASKED_FOR_CHAIN;
        }
    }
    return ROOTLET_OK;
}
