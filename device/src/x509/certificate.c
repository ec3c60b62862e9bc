/* See certificate.h. Fields in the order of RFC 5280 section 4.1. */
#include "certificate.h"

#include "algorithms.h"
#include "extensions.h"
#include "time.h"

#include "base/bytes.h"
#include "base/der.h"

#define EXTENSIONS 0xa3u /* [3] EXPLICIT */
#define SERIAL_BYTES 20  /* section 4.1.2.2 */

/*@ predicate named(rootlet_x509_view *v) =
        readable(v->issuer) && readable(v->subject) &&
        \valid_read(v->public_key + (0 .. ROOTLET_PUBLIC_KEY_BYTES - 1)); */

/* Sections 4.1.1.2 and 4.1.2.3: the profile's algorithm, so that both are the same. */
/*@ requires \valid_read(algorithm) && readable(*algorithm);
    assigns \nothing; */
static bool is_of_profile(const rootlet_reader *algorithm)
{
    const uint8_t *wanted = rootlet_x509_signature_algorithm;
    return rootlet_reader_is(algorithm, wanted, 2u + wanted[1]);
}

/* From issuer to subjectPublicKeyInfo. Names are compared byte by byte (section 7.1 would allow to
 * look past case and spaces; a CA copies its own bytes) and never shown, so nothing looks into
 * them. */
/*@ requires \valid(view) && \valid(tbs) && readable(*tbs) && \separated(view, tbs);
    assigns *tbs, view->issuer, view->not_before, view->not_after, view->subject, view->public_key;
    ensures readable(*tbs);
    ensures \result == ROOTLET_OK ==> named(view); */
static rootlet_status read_names_dates_key(rootlet_x509_view *view, rootlet_reader *tbs)
{
    rootlet_der_element(&view->issuer, tbs, ROOTLET_DER_SEQUENCE);
    if (tbs->next == NULL || view->issuer.left == ROOTLET_X509_EMPTY_NAME) {
        return ROOTLET_ERR_X509_NAME_ENCODING;
    }
    size_t behind = rootlet_der_enter(tbs, ROOTLET_DER_SEQUENCE);
    view->not_before = rootlet_x509_read_time(tbs);
    view->not_after = rootlet_x509_read_time(tbs);
    rootlet_der_leave(tbs, behind);
    if (tbs->next == NULL) {
        return ROOTLET_ERR_X509_DATE_ENCODING;
    }
    rootlet_der_element(&view->subject, tbs, ROOTLET_DER_SEQUENCE);
    if (tbs->next == NULL) {
        return ROOTLET_ERR_X509_NAME_ENCODING;
    }
    /* Section 4.1.2.7. A key of another algorithm and a malformed one are not told apart. */
    rootlet_read_exactly(tbs, rootlet_x509_key_prefix, ROOTLET_X509_KEY_PREFIX_BYTES);
    view->public_key = rootlet_read_bytes(tbs, ROOTLET_PUBLIC_KEY_BYTES);
    return view->public_key != NULL ? ROOTLET_OK : ROOTLET_ERR_X509_KEY;
}

/* What follows the key: extensions or nothing. Unique identifiers, which no CA may write (section
 * 4.1.2.8), are refused. */
/*@ requires \valid(view) && \valid(tbs) && readable(*tbs) && \separated(view, tbs);
    assigns *tbs, view->key_usage, view->path_length, view->is_ca,
        view->for_servers, view->names_critical, view->alternative_names;
    ensures readable(*tbs) && readable(view->alternative_names); */
static rootlet_status read_end(rootlet_x509_view *view, rootlet_reader *tbs)
{
    rootlet_status status = ROOTLET_OK;
    view->alternative_names = (rootlet_reader){NULL, 0};
    view->key_usage = 0xff;
    view->path_length = 0xff;
    view->is_ca = false;
    view->for_servers = true;
    view->names_critical = false;
    size_t behind = 0;
    if (tbs->left != 0) {
        behind = rootlet_der_enter(tbs, EXTENSIONS);
        behind += rootlet_der_enter(tbs, ROOTLET_DER_SEQUENCE);
        status = rootlet_x509_read_extensions(view, tbs);
    }
    return status == ROOTLET_OK && (behind != 0 || !rootlet_reader_done(tbs))
               ? ROOTLET_ERR_X509_ENCODING
               : status;
}

/* The fields of a TBSCertificate. */
/*@ requires \valid(view) && \valid(tbs) && readable(*tbs) && \separated(view, tbs);
    requires \valid_read(algorithm) && readable(*algorithm) && \separated(view, algorithm) &&
        \separated(tbs, algorithm);
    assigns *tbs, view->issuer, view->not_before, view->not_after, view->subject, view->public_key,
        view->key_usage, view->path_length, view->is_ca,
        view->for_servers, view->names_critical, view->alternative_names;
    ensures \result == ROOTLET_OK ==> named(view) && readable(view->alternative_names); */
static rootlet_status read_fields(rootlet_x509_view *view, rootlet_reader *tbs,
                                  const rootlet_reader *algorithm)
{
    static const uint8_t version_3[] = {0xa0, 3, ROOTLET_DER_INTEGER, 1, 2}; /* [0] EXPLICIT */
    (void)rootlet_der_enter(tbs, ROOTLET_DER_SEQUENCE);
    rootlet_read_exactly(tbs, version_3, sizeof version_3);
    if (tbs->next == NULL) {
        return ROOTLET_ERR_X509_VERSION;
    }
    /* Section 4.1.2.2; zero is tolerated, as it asks for. */
    rootlet_reader serial;
    rootlet_der_integer(&serial, tbs);
    if (tbs->next == NULL) {
        return ROOTLET_ERR_X509_ENCODING;
    }
    if (serial.left > SERIAL_BYTES || (serial.next[0] & 0x80) != 0) {
        return ROOTLET_ERR_X509_SERIAL;
    }
    rootlet_reader signature;
    rootlet_der_element(&signature, tbs, ROOTLET_DER_SEQUENCE);
    if (!is_of_profile(&signature) || !is_of_profile(algorithm)) {
        return ROOTLET_ERR_X509_ALGORITHM;
    }
    rootlet_status status = read_names_dates_key(view, tbs);
    if (status == ROOTLET_OK) {
        status = read_end(view, tbs);
    }
    return status;
}

rootlet_status rootlet_x509_read(rootlet_x509_view *view, const rootlet_certificate *certificate)
{
    rootlet_reader reader = {certificate->der, certificate->length};
    size_t behind = rootlet_der_enter(&reader, ROOTLET_DER_SEQUENCE);
    rootlet_der_element(&view->tbs, &reader, ROOTLET_DER_SEQUENCE);
    rootlet_reader algorithm;
    rootlet_der_element(&algorithm, &reader, ROOTLET_DER_SEQUENCE);
    rootlet_reader bits;
    rootlet_der_contents(&bits, &reader, ROOTLET_DER_BIT_STRING);
    /* A signature is whole octets: no unused bits. */
    if (behind != 0 || !rootlet_reader_done(&reader) || bits.left == 0 || bits.next[0] != 0) {
        return ROOTLET_ERR_X509_ENCODING;
    }
    view->signature = (rootlet_reader){bits.next + 1, bits.left - 1};
    rootlet_reader tbs = view->tbs;
    return read_fields(view, &tbs, &algorithm);
}
