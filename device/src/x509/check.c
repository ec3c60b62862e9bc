/* See rootlet/x509.h, which numbers the steps. */
#include "rootlet/x509.h"

#include "certificate.h"
#include "host.h"

#include "base/bytes.h"
#include "base/der.h"
#include "rootlet/crypto.h"

/* Not inlined: smaller so, where the library is one file. */
/*@ requires \valid_read(view) && readable(view->issuer) && \valid_read(name + (0 .. length - 1));
    assigns \nothing; */
__attribute__((noinline)) static bool issued_by(const rootlet_x509_view *view, const uint8_t *name,
                                                size_t length)
{
    return rootlet_reader_is(&view->issuer, name, length);
}

/* Not inlined: smaller so, where the library is one file. */
/*@ requires \valid_read(view) && readable(view->signature) && readable(view->tbs);
    requires \valid_read(public_key + (0 .. ROOTLET_PUBLIC_KEY_BYTES - 1));
    assigns \nothing; */
__attribute__((noinline)) static bool verifies(const rootlet_x509_view *view,
                                               const uint8_t *public_key)
{
    return rootlet_profile_verify(view->signature.next, view->signature.left, public_key, NULL, 0,
                                  view->tbs.next, view->tbs.left) == ROOTLET_OK;
}

/* By name, and where asked for by signature, too. Not inlined: smaller so. */
/*@ requires \valid_read(view) && readable(view->issuer);
    requires verify ==> readable(view->signature) && readable(view->tbs);
    requires \valid_read(config) && x509_configured(config);
    assigns \nothing; */
__attribute__((noinline)) static bool
issued_by_an_anchor(const rootlet_x509_view *view, const rootlet_x509_config *config, bool verify)
{
    const rootlet_anchor *anchor = config->anchors;
    /*@ loop invariant i <= config->anchor_count;
        loop invariant anchor == config->anchors + (config->anchor_count - i);
        loop assigns i, anchor;
        loop variant i; */
    for (size_t i = config->anchor_count; i > 0; i--, anchor++) {
        if (issued_by(view, anchor->name, anchor->name_length) &&
            (!verify || verifies(view, anchor->public_key))) {
            return true;
        }
    }
    return false;
}

/* Steps 1 and 2: fills the path from the leaf up and gives its length. The next certificate is read
 * into the slot behind the path, and stays there when it issued the last one. */
/*@ requires \valid_read(config) && x509_configured(config);
    requires \valid_read(chain + (0 .. count - 1));
    requires \forall integer i; 0 <= i < count ==> certificate_at(chain, i);
    requires 0 < count <= ROOTLET_CHAIN_CERTIFICATES && \valid(length);
    requires \valid(path + (0 .. count - 1));
    // In objects of their own: the solver need not look at sizes.
    requires \base_addr(path) != \base_addr(length);
    requires \base_addr(path) != \base_addr(config) && \base_addr(length) != \base_addr(config);
    requires \base_addr(path) != \base_addr(chain) && \base_addr(length) != \base_addr(chain);
    requires \base_addr(path) != \base_addr(config->anchors);
    requires \base_addr(length) != \base_addr(config->anchors);
    assigns *length, path[0 .. count - 1];
    ensures 1 <= *length <= count;
    ensures \result == ROOTLET_OK ==>
        (\forall integer i; 0 <= i < *length ==> complete(path + i)); */
static rootlet_status build(rootlet_x509_view *path, size_t *length,
                            const rootlet_certificate *chain, size_t count,
                            const rootlet_x509_config *config)
{
    rootlet_x509_view *top = path;
    rootlet_status status = rootlet_x509_read(top, chain);
    *length = 1;
    /*@ loop invariant 1 <= count <= \at(count, Pre);
        loop invariant 1 <= *length;
        loop invariant chain == \at(chain, Pre) + (\at(count, Pre) - count);
        loop invariant top == path + (*length - 1);
        loop invariant *length + count <= \at(count, Pre) + 1;
        loop invariant \valid_read(config) && x509_configured(config);
        loop invariant \forall integer i; 0 <= i < \at(count, Pre) ==>
            certificate_at(\at(chain, Pre), i);
        loop invariant status == ROOTLET_OK ==>
            (\forall integer i; 0 <= i < *length ==> complete(path + i));
        loop assigns top, status, chain, count, *length, path[0 .. \at(count, Pre) - 1];
        loop variant count; */
    while (status == ROOTLET_OK && !issued_by_an_anchor(top, config, false)) {
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
/*@ requires \valid_read(view);
    assigns \nothing; */
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
/*@ requires \valid_read(view) && \valid_read(now);
    assigns \nothing; */
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

/* Step 6, from the anchor down: no key is used before it is known to be authentic. */
/*@ requires \valid_read(path + (0 .. length - 1)) && 0 < length <= ROOTLET_CHAIN_CERTIFICATES;
    requires \forall integer i; 0 <= i < length ==> complete(path + i);
    requires \valid_read(config) && x509_configured(config);
    assigns \nothing; */
static bool signatures_verify(const rootlet_x509_view *path, size_t length,
                              const rootlet_x509_config *config)
{
    const rootlet_x509_view *view = path + length - 1;
    bool verified = issued_by_an_anchor(view, config, true);
    /*@ loop invariant \exists integer i; 0 <= i < length && view == path + i;
        loop assigns view, verified;
        loop variant view - path; */
    while (verified && view != path) {
        view--;
        verified = verifies(view, view[1].public_key);
    }
    return verified;
}

/*@ requires \valid_read(path + (0 .. length - 1)) && 0 < length <= ROOTLET_CHAIN_CERTIFICATES;
    requires \forall integer i; 0 <= i < length ==> complete(path + i);
    requires \valid_read(config) && x509_configured(config);
    requires host_length <= config->host_length;
    assigns \nothing; */
static rootlet_status check_path(const rootlet_x509_view *path, size_t length,
                                 const rootlet_x509_config *config, size_t host_length)
{
    rootlet_status status = ROOTLET_OK;
    /*@ loop invariant i <= length;
        loop assigns i, status;
        loop variant length - i; */
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
