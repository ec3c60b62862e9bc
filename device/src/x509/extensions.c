/* See extensions.h. Malformed or not is decided by one function per extension. */
#include "extensions.h"

#include "base/bytes.h"
#include "base/der.h"

/* Last byte of the object identifiers 2.5.29.x. */
#define KEY_USAGE 15
#define SUBJECT_ALT_NAME 17
#define BASIC_CONSTRAINTS 19
#define NAME_CONSTRAINTS 30
#define EXTENDED_KEY_USAGE 37

/* id-kp-serverAuth, 1.3.6.1.5.5.7.3.1 */
static const uint8_t server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};

/* x of 2.5.29.x, or 0. */
/*@ requires \valid_read(id) && readable(*id);
    assigns \nothing; */
static unsigned standard_extension(const rootlet_reader *id)
{
    return id->left == 3 && id->next[0] == 0x55 && id->next[1] == 0x1d ? id->next[2] : 0;
}

/* Looks ahead, on a copy of the reader, for the same identifier, given as a whole element: each
 * extension is read properly in its turn. */
/*@ requires readable(rest) && \valid_read(id + (0 .. length - 1));
    assigns \nothing; */
static bool stands_again(rootlet_reader rest, const uint8_t *id, size_t length)
{
    /*@ loop invariant readable(rest);
        loop assigns rest;
        loop variant rest.left; */
    while (rest.left != 0) {
        rootlet_reader other;
        rootlet_der_contents(&other, &rest, ROOTLET_DER_SEQUENCE);
        if (other.left >= length && rootlet_equal(other.next, id, length)) {
            return true;
        }
    }
    return false;
}

/*@ // Bits of a byte, one step at a time. The last has a name for them: what WP simplifies by
    // itself, it does not tell the solver.
    lemma byte: \forall integer x, m;
        0 <= x <= 255 ==> 0 <= m <= 255 ==> (uint8_t)(x & m) == (x & m);
    lemma positive: \forall integer x, m; 0 <= x <= 255 ==> 0 <= m <= 255 ==> 0 <= (x & m);
    lemma low: \forall integer x, bits; bits == (x & 15) ==> bits <= 15; */

/* Section 4.2.1.3. A named bit list of one or two octets behind the count of unused bits: it ends
 * with the last bit set (X.690 section 11.2.2), and one is. */
/*@ requires \valid(view) && \valid(value) && readable(*value) && \separated(view, value);
    assigns *value, view->key_usage;
    ensures read_on(*value, \old(*value)); */
static void read_key_usage(rootlet_x509_view *view, rootlet_reader *value)
{
    rootlet_reader bits;
    rootlet_der_contents(&bits, value, ROOTLET_DER_BIT_STRING);
    if (bits.left != 2 && bits.left != 3) {
        rootlet_reader_fail(value);
        return;
    }
    unsigned last_bit = 1u << (bits.next[0] & 15);
    if (bits.next[0] > 7 || (bits.next[bits.left - 1] & (2 * last_bit - 1)) != last_bit) {
        rootlet_reader_fail(value);
    }
    view->key_usage = bits.next[1];
}

/* Section 4.2.1.9: a path length only beside cA TRUE. */
/*@ requires \valid(view) && \valid(value) && readable(*value) && \separated(view, value);
    assigns *value, view->is_ca, view->path_length;
    ensures read_on(*value, \old(*value)); */
static void read_basic_constraints(rootlet_x509_view *view, rootlet_reader *value)
{
    size_t behind = rootlet_der_enter(value, ROOTLET_DER_SEQUENCE);
    view->is_ca = rootlet_der_flag(value);
    if (view->is_ca && value->left != 0) {
        rootlet_reader length;
        rootlet_der_integer(&length, value);
        if (length.left == 1) { /* more than one byte is more than any chain */
            view->path_length = length.next[0];
        }
        if (length.left != 0 && (length.next[0] & 0x80) != 0) {
            rootlet_reader_fail(value);
        }
    }
    rootlet_der_leave(value, behind);
}

/* Section 4.2.1.12. anyExtendedKeyUsage does not stand for serverAuth here. */
/*@ requires \valid(view) && \valid(value) && readable(*value) && \separated(view, value);
    assigns *value, view->for_servers;
    ensures read_on(*value, \old(*value)); */
static void read_extended_key_usage(rootlet_x509_view *view, rootlet_reader *value)
{
    size_t behind = rootlet_der_enter(value, ROOTLET_DER_SEQUENCE);
    view->for_servers = false;
    /*@ loop invariant readable(*value);
        loop invariant read_on(*value, \at(*value, LoopEntry));
        loop assigns *value, view->for_servers;
        loop variant value->left; */
    do {
        rootlet_reader use;
        rootlet_der_oid(&use, value);
        if (rootlet_reader_is(&use, server_auth, sizeof server_auth)) {
            view->for_servers = true;
        }
    } while (value->left != 0);
    rootlet_der_leave(value, behind);
}

/* Section 4.2.1.6. The names themselves are read by rootlet_x509_match_host. */
/*@ requires \valid(view) && \valid(value) && readable(*value) && \separated(view, value);
    assigns *value, view->alternative_names, view->names_critical;
    ensures read_on(*value, \old(*value));
    ensures readable(view->alternative_names); */
static void read_alternative_names(rootlet_x509_view *view, rootlet_reader *value, bool critical)
{
    rootlet_der_contents(&view->alternative_names, value, ROOTLET_DER_SEQUENCE);
    view->names_critical = critical;
    if (view->alternative_names.left == 0) {
        rootlet_reader_fail(value);
    }
}

/* Reads an extension's value: the contents of its OCTET STRING. */
/*@ requires \valid(view) && \valid(value) && readable(*value) && \separated(view, value);
    requires readable(view->alternative_names);
    assigns *value, view->key_usage, view->path_length, view->is_ca,
        view->for_servers, view->names_critical, view->alternative_names;
    ensures read_on(*value, \old(*value)) && readable(view->alternative_names); */
static rootlet_status read_value(rootlet_x509_view *view, unsigned extension, rootlet_reader *value,
                                 bool critical)
{
    if (extension == KEY_USAGE) {
        read_key_usage(view, value);
    } else if (extension == BASIC_CONSTRAINTS) {
        read_basic_constraints(view, value);
    } else if (extension == EXTENDED_KEY_USAGE) {
        read_extended_key_usage(view, value);
    } else if (extension == SUBJECT_ALT_NAME) {
        read_alternative_names(view, value, critical);
    } else if (extension == NAME_CONSTRAINTS) {
        return ROOTLET_ERR_X509_NAME_CONSTRAINTS;
    } else {
        return critical ? ROOTLET_ERR_X509_CRITICAL_EXTENSION : ROOTLET_OK;
    }
    return rootlet_reader_done(value) ? ROOTLET_OK : ROOTLET_ERR_X509_EXTENSION;
}

/*@ requires \valid(view) && \valid(reader) && readable(*reader) && \separated(view, reader);
    requires readable(view->alternative_names);
    assigns *reader, view->key_usage, view->path_length, view->is_ca,
        view->for_servers, view->names_critical, view->alternative_names;
    ensures read_past(*reader, \old(*reader), 1);
    ensures readable(view->alternative_names); */
static rootlet_status read_extension(rootlet_x509_view *view, rootlet_reader *reader)
{
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    const uint8_t *start = reader->next;
    size_t length = reader->left;
    rootlet_reader id;
    rootlet_der_oid(&id, reader);
    length -= reader->left;
    /*@ assert reader->next != \null ==> \valid_read(start + (0 .. length - 1)); */
    bool critical = rootlet_der_flag(reader);
    rootlet_reader octets;
    rootlet_der_contents(&octets, reader, ROOTLET_DER_OCTET_STRING);
    /*@ assert ends_at(*reader, \at(reader->next + reader->left, Pre) - behind); */
    rootlet_der_leave(reader, behind);
    /*@ assert read_past(*reader, \at(*reader, Pre), 1); */
    if (reader->next == NULL) {
        return ROOTLET_ERR_X509_EXTENSION;
    }
    if (stands_again(*reader, start, length)) {
        return ROOTLET_ERR_X509_DUPLICATE_EXTENSION;
    }
    return read_value(view, standard_extension(&id), &octets, critical);
}

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) rootlet_status rootlet_x509_read_extensions(rootlet_x509_view *view,
                                                                      rootlet_reader *reader)
{
    rootlet_status status;
    /*@ loop invariant read_on(*reader, \at(*reader, LoopEntry));
        loop invariant readable(view->alternative_names);
        loop assigns status, *reader, view->key_usage, view->path_length, view->is_ca,
            view->for_servers, view->names_critical, view->alternative_names;
        loop variant reader->left; */
    do {
        status = read_extension(view, reader);
    } while (status == ROOTLET_OK && reader->left != 0);
    return status;
}
