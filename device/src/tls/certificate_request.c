/* CertificateRequest, section 4.4.2. */
#include "engine.h"
#include "extensions.h"

rootlet_status rootlet_tls_take_certificate_request(rootlet_tls *tls, rootlet_reader *body,
                                                    const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    rootlet_reader context = rootlet_read_vector(body, 1);
    rootlet_reader extensions = rootlet_read_vector(body, 2);
    if (!rootlet_reader_done(body)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    if (context.left != 0) {
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    rootlet_status status = rootlet_tls_check_extensions(
        &extensions, BIT_SIGNATURE_ALGORITHMS | BIT_UNKNOWN, tls->offered);
    if (status != ROOTLET_OK) {
        return status;
    }
    /* Section 4.3.3. */
    rootlet_reader answer = rootlet_tls_find_extension(&extensions, EXTENSION_SIGNATURE_ALGORITHMS);
    if (answer.next == NULL) {
        return ROOTLET_ERR_TLS_MISSING_EXTENSION;
    }
    rootlet_reader schemes = rootlet_read_vector(&answer, 2);
    if (!rootlet_reader_done(&answer) || schemes.left == 0 || schemes.left % 2 != 0) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    tls->asked_for = ASKED_FOR_EMPTY_CERTIFICATE;
    while (schemes.left > 0) {
        if (rootlet_read_be(&schemes, 2) == ROOTLET_TLS_SIGNATURE_SCHEME &&
            tls->config->identity != NULL) {
            tls->asked_for = ASKED_FOR_CHAIN;
        }
    }
    return ROOTLET_OK;
}
