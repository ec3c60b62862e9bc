/* See host.h. */
#include "host.h"

#include "base/der.h"

#include <stdbool.h>

#define LABEL_BYTES 63 /* RFC 1035 section 2.3.4 */

/* GeneralName's tags, RFC 5280 section 4.2.1.6. */
#define DNS_NAME 0x82u
#define IP_ADDRESS 0x87u
#define CONTEXT 0x80u
#define CONSTRUCTED 0x20u
#define LAST_KIND 8u
#define CONSTRUCTED_KINDS 0x39u /* bits: otherName, x400Address, directoryName, ediPartyName */

/* ASCII's only. */
/*@ assigns \nothing; */
static bool is_letter(unsigned character)
{
    return (character | 0x20) - 'a' < 26;
}

/*@ requires \valid_read(name + (0 .. length - 1));
    assigns \nothing; */
static bool is_dns_name(const uint8_t *name, size_t length)
{
    size_t label = 0; /* characters in this label */
    bool digits = true;
    /*@ loop invariant i <= length && label <= LABEL_BYTES;
        loop assigns i, label, digits;
        loop variant length - i; */
    for (size_t i = 0; i < length; i++) {
        unsigned character = name[i];
        if (character == '.' && label != 0) {
            label = 0;
            digits = true;
            continue;
        }
        bool digit = character - '0' < 10;
        if ((!digit && !is_letter(character) && character != '-') || label == LABEL_BYTES) {
            return false;
        }
        digits = digits && digit;
        label++;
    }
    return label != 0 && !digits && length <= ROOTLET_HOST_NAME_BYTES;
}

/*@ assigns \nothing; */
static bool is_address_length(size_t length)
{
    return length == 4 || length == 16;
}

size_t rootlet_x509_host_length(const rootlet_x509_config *config)
{
    size_t length = config->host_length;
    if (config->host_is_address) {
        return is_address_length(length) ? length : 0;
    }
    if (length != 0 && config->host[length - 1] == '.') {
        length--;
    }
    return is_dns_name(config->host, length) ? length : 0;
}

/*@ requires \valid_read(name) && readable(*name);
    assigns \nothing; */
static bool is_well_formed(unsigned tag, const rootlet_reader *name)
{
    unsigned kind = tag & 0x1fu;
    unsigned form = CONSTRUCTED_KINDS >> kind & 1 ? CONTEXT | CONSTRUCTED : CONTEXT;
    if (name->left == 0 || kind > LAST_KIND || tag != (form | kind)) {
        return false;
    }
    if (tag == IP_ADDRESS) {
        return is_address_length(name->left);
    }
    /*@ loop invariant i <= name->left;
        loop assigns i;
        loop variant name->left - i; */
    for (size_t i = 0; tag == DNS_NAME && i < name->left; i++) {
        if (name->next[i] <= ' ' || name->next[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

/* Kept out of the loop that calls it: smaller so. The host is usable, so it has no '*': a wildcard
 * that is more or less than the first label, or stands behind it, never matches (RFC 9525
 * section 6.3). */
/*@ requires \valid_read(name) && readable(*name) && \valid_read(host + (0 .. length - 1));
    assigns \nothing; */
__attribute__((noinline)) static bool matches(const rootlet_reader *name, const uint8_t *host,
                                              size_t length, bool is_address)
{
    const uint8_t *pattern = name->next;
    size_t left = name->left;
    if (left > 1 && !is_address && pattern[0] == '*' && pattern[1] == '.') {
        pattern++;
        left--;
        /*@ loop invariant \valid_read(host + (0 .. length - 1));
            loop assigns host, length;
            loop variant length; */
        while (length != 0 && *host != '.') {
            host++;
            length--;
        }
    }
    if (left != length) {
        return false;
    }
    /*@ loop invariant i <= length;
        loop assigns i;
        loop variant length - i; */
    for (size_t i = 0; i < length; i++) {
        unsigned difference = pattern[i] ^ host[i];
        bool same_letter = difference == 0x20 && is_letter(host[i]) && !is_address;
        if (difference != 0 && !same_letter) {
            return false;
        }
    }
    return true;
}

rootlet_status rootlet_x509_match_host(const rootlet_reader *alternative_names,
                                       const rootlet_x509_config *config, size_t host_length)
{
    rootlet_reader names = *alternative_names;
    unsigned wanted = config->host_is_address ? IP_ADDRESS : DNS_NAME;
    bool found = false;
    /*@ loop invariant readable(names);
        loop assigns names, found;
        loop variant names.left; */
    while (names.left != 0) {
        unsigned tag = rootlet_der_peek(&names);
        rootlet_reader name;
        rootlet_der_contents(&name, &names, tag);
        if (!is_well_formed(tag, &name)) {
            return ROOTLET_ERR_X509_EXTENSION;
        }
        found = found || (tag == wanted &&
                          matches(&name, config->host, host_length, config->host_is_address));
    }
    return found ? ROOTLET_OK : ROOTLET_ERR_X509_NAME;
}
