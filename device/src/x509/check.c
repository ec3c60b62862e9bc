/* See rootlet/x509.h, which numbers the steps. */
#include "rootlet/x509.h"

#include "certificate.h"
#include "host.h"

#include "base/bytes.h"
#include "base/der.h"
#include "rootlet/crypto.h"

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) static bool issued_by(const rootlet_x509_view *view, const uint8_t *name,
                                                size_t length)
{
    return rootlet_reader_is(&view->issuer, name, length);
}

static bool issued_by_an_anchor(const rootlet_x509_view *view, const rootlet_x509_config *config)
{
    for (size_t i = 0; i < config->anchor_count; i++) {
        if (issued_by(view, config->anchors[i].name, config->anchors[i].name_length)) {
            return true;
        }
    }
    return false;
}

/* Steps 1 and 2: fills the path from the leaf up and gives its length. The next certificate is read
 * into the slot behind the path, and stays there when it issued the last one. */
static rootlet_status build(rootlet_x509_view *path, size_t *length,
                            const rootlet_certificate *chain, size_t count,
                            const rootlet_x509_config *config)
{
    rootlet_x509_view *top = path;
    rootlet_status status = rootlet_x509_read(top, chain);
    *length = 1;
    while (status == ROOTLET_OK && !issued_by_an_anchor(top, config)) {
        chain++;
        count--;
        if (count == 0) {
            return ROOTLET_ERR_X509_UNKNOWN_ISSUER;
        }
        status = rootlet_x509_read(top + 1, chain);
        if (status == ROOTLET_OK && issued_by(top, top[1].subject.next, top[1].subject.left)) {
            top++;
            (*length)++;
        }
    }
    return status;
}

/* Step 3. RFC 9846 section 4.5.1 for the leaf, RFC 5280 section 6.1.4 (k) to (n) for an issuer.
 * Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) static rootlet_status check_role(const rootlet_x509_view *view,
                                                           size_t position)
{
    unsigned wanted_usage = ROOTLET_X509_DIGITAL_SIGNATURE;
    if (position == 0) {
        if (view->is_ca) {
            return ROOTLET_ERR_X509_LEAF_IS_CA;
        }
        /* RFC 5280 section 4.2.1.6. */
        if (view->subject.left == ROOTLET_X509_EMPTY_NAME && !view->names_critical) {
            return ROOTLET_ERR_X509_NAME_ENCODING;
        }
    } else {
        if (!view->is_ca) {
            return ROOTLET_ERR_X509_NOT_CA;
        }
        if (position - 1 > view->path_length) {
            return ROOTLET_ERR_X509_PATH_LENGTH;
        }
        wanted_usage = ROOTLET_X509_KEY_CERT_SIGN;
    }
    if ((view->key_usage & wanted_usage) == 0) {
        return ROOTLET_ERR_X509_KEY_USAGE;
    }
    return view->for_servers ? ROOTLET_OK : ROOTLET_ERR_X509_EXTENDED_KEY_USAGE;
}

/* Step 4. RFC 5280 section 4.1.2.5: both ends included. */
static rootlet_status check_dates(const rootlet_x509_view *view, const rootlet_time *now)
{
    if (view->not_before > 0 && (uint64_t)view->not_before > now->earliest) {
        return ROOTLET_ERR_X509_NOT_YET_VALID;
    }
    if (view->not_after < 0 || (uint64_t)view->not_after < now->latest) {
        return ROOTLET_ERR_X509_EXPIRED;
    }
    return ROOTLET_OK;
}

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) static bool verifies(const rootlet_x509_view *view,
                                               const uint8_t *public_key)
{
    return rootlet_profile_verify(view->signature.next, view->signature.left, public_key, NULL, 0,
                                  view->tbs.next, view->tbs.left) == ROOTLET_OK;
}

/* Step 6, from the anchor down: no key is used before it is known to be authentic. */
static bool signatures_verify(const rootlet_x509_view *path, size_t length,
                              const rootlet_x509_config *config)
{
    const rootlet_x509_view *view = path + length - 1;
    const rootlet_anchor *anchor = config->anchors;
    bool verified = false;
    for (size_t i = 0; i < config->anchor_count && !verified; i++, anchor++) {
        verified = issued_by(view, anchor->name, anchor->name_length) &&
                   verifies(view, anchor->public_key);
    }
    while (verified && view != path) {
        view--;
        verified = verifies(view, view[1].public_key);
    }
    return verified;
}

static rootlet_status check_path(const rootlet_x509_view *path, size_t length,
                                 const rootlet_x509_config *config, size_t host_length)
{
    rootlet_status status = ROOTLET_OK;
    for (size_t i = 0; i < length && status == ROOTLET_OK; i++) {
        status = check_role(&path[i], i);
        if (status == ROOTLET_OK) {
            status = check_dates(&path[i], &config->now);
        }
    }
    if (status == ROOTLET_OK) {
        status = rootlet_x509_match_host(&path->alternative_names, config, host_length);
    }
    if (status == ROOTLET_OK && length > ROOTLET_CHAIN_SIGNATURES) {
        status = ROOTLET_ERR_X509_TOO_MANY;
    }
    if (status == ROOTLET_OK && !signatures_verify(path, length, config)) {
        status = ROOTLET_ERR_X509_SIGNATURE;
    }
    return status;
}

rootlet_status rootlet_x509_check(uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES],
                                  const rootlet_certificate *chain, size_t count,
                                  const rootlet_x509_config *config)
{
    if (config->now.earliest > config->now.latest) {
        return ROOTLET_ERR_MISUSE;
    }
    size_t host_length = rootlet_x509_host_length(config);
    if (host_length == 0) {
        return ROOTLET_ERR_X509_CONFIGURED_NAME;
    }
    if (count == 0) {
        return ROOTLET_ERR_X509_EMPTY;
    }
    if (count > ROOTLET_CHAIN_CERTIFICATES) {
        return ROOTLET_ERR_X509_TOO_MANY;
    }
    rootlet_x509_view path[ROOTLET_CHAIN_CERTIFICATES];
    size_t length;
    rootlet_status status = build(path, &length, chain, count, config);
    if (status == ROOTLET_OK) {
        status = check_path(path, length, config, host_length);
    }
    if (status == ROOTLET_OK) {
        rootlet_copy(public_key, path[0].public_key, ROOTLET_PUBLIC_KEY_BYTES);
    }
    return status;
}
