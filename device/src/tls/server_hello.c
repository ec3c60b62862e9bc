/* ServerHello and HelloRetryRequest, sections 4.2.3 and 4.2.4: one form, told apart by random. */
#include "engine.h"
#include "extensions.h"
#include "key_schedule.h"

#include "base/bytes.h"

#define LONGEST_SESSION_ID 32u

/* What a server that could do better puts at the end of random (section 4.2.3), without its last
 * byte: 1 for TLS 1.2, 0 for what is older. */
static const uint8_t downgrade[7] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};

/* SHA-256("HelloRetryRequest") */
static const uint8_t retry_random[HELLO_RANDOM_BYTES] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/*@ requires \valid_read(body) && readable(*body);
    assigns \nothing; */
static bool is_hello_retry(const rootlet_reader *body)
{
    return body->left >= 2 + HELLO_RANDOM_BYTES &&
           rootlet_equal(body->next + 2, retry_random, HELLO_RANDOM_BYTES);
}

/* The server chose TLS 1.2 or older: did it have to? */
/*@ requires \valid_read(random + (0 .. HELLO_RANDOM_BYTES - 1));
    assigns \nothing;
    ensures \result != ROOTLET_OK; */
static rootlet_status refuse_version(const uint8_t random[HELLO_RANDOM_BYTES])
{
    const uint8_t *end = random + HELLO_RANDOM_BYTES - sizeof downgrade - 1;
    bool forced =
        rootlet_equal(end, downgrade, sizeof downgrade) && random[HELLO_RANDOM_BYTES - 1] <= 1;
    return forced ? ROOTLET_ERR_TLS_DOWNGRADE : ROOTLET_ERR_TLS_VERSION;
}

/* The checks of both, section 4.2.3: the version comes first, since all else depends on it. Of the
 * extensions, which come out in found, those in allowed need not have been offered. */
/*@ requires \valid(found + (0 .. EXTENSION_PLACES - 1)) && \valid_read(tls);
    requires \valid(body) && readable(*body);
    requires \separated(found + (0 .. EXTENSION_PLACES - 1), body, tls);
    assigns found[0 .. EXTENSION_PLACES - 1], *body;
    ensures \result == ROOTLET_OK ==> readable_at(found, AT_KEY_SHARE);
    ensures \result == ROOTLET_OK ==> readable_at(found, AT_COOKIE);
    ensures \result == ROOTLET_OK ==>
        extension_beside(found, AT_COOKIE, \old(body->next)); */
static rootlet_status read_hello(rootlet_reader found[EXTENSION_PLACES], const rootlet_tls *tls,
                                 rootlet_reader *body, unsigned allowed)
{
    uint32_t legacy_version = rootlet_read_be(body, 2);
    const uint8_t *random = rootlet_read_bytes(body, HELLO_RANDOM_BYTES);
    rootlet_reader session_id = rootlet_read_vector(body, 1);
    uint32_t suite_and_compression = rootlet_read_be(body, 3);
    /*@ assert random == \null ==> body->next == \null; */
    /*@ assert beside(body->next, \at(body->next, Pre)); */
    /*@ ghost const uint8_t *block = body->next; */
    bool ends = body->next != NULL && body->left == 0; /* as older versions may */
    rootlet_status status = rootlet_tls_read_extensions(
        found, body, BIT_SUPPORTED_VERSIONS | BIT_KEY_SHARE | allowed, tls);
    /*@ assert extension_beside(found, AT_COOKIE, block); */
    /*@ assert readable_at(found, AT_KEY_SHARE) && readable_at(found, AT_COOKIE); */
    /*@ assert extension_beside(found, AT_COOKIE, \at(body->next, Pre)); */
    if ((status == ROOTLET_ERR_TLS_DECODE && !ends) || body->left != 0 ||
        session_id.left > LONGEST_SESSION_ID) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    /*@ assert \valid_read(random + (0 .. HELLO_RANDOM_BYTES - 1)); */
    rootlet_reader *versions = &found[AT_SUPPORTED_VERSIONS];
    if (versions->next == NULL) {
        return refuse_version(random);
    }
    if (versions->left != 2) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    if (rootlet_read_be(versions, 2) != 0x0304) {
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    if (legacy_version != 0x0303) {
        return ROOTLET_ERR_TLS_VERSION;
    }
    if (session_id.left != SESSION_ID_BYTES ||
        (SESSION_ID_BYTES != 0 &&
         !rootlet_equal(session_id.next, tls->secrets.hello.random + SESSION_ID_OFFSET,
                        SESSION_ID_BYTES))) {
        return ROOTLET_ERR_TLS_SESSION_ID;
    }
    if (suite_and_compression >> 8 != ROOTLET_TLS_SUITE) {
        return ROOTLET_ERR_TLS_SUITE;
    }
    if ((suite_and_compression & 0xff) != 0) {
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    return status;
}

/* Section 4.3.8. */
/*@ requires \valid(tls) && \valid(share) && readable(*share) && \separated(share, tls);
    assigns *share, tls->secrets; */
static rootlet_status take_share(rootlet_tls *tls, rootlet_reader *share)
{
    if (share->next == NULL) {
        return ROOTLET_ERR_TLS_MISSING_EXTENSION;
    }
    uint32_t group = rootlet_read_be(share, 2);
    if (!rootlet_tls_enter_last(share, 2)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    if (group != ROOTLET_TLS_GROUP) {
        return ROOTLET_ERR_TLS_GROUP;
    }
    if (share->left != ROOTLET_KEY_SHARE_BYTES) {
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    return rootlet_tls_start_handshake_keys(tls, share->next);
}

/* Section 4.2.4. With one group, whose share was sent, only a cookie can change the hello. */
/*@ requires \valid(tls) && \valid(cookie) && readable(*cookie) && \separated(cookie, tls);
    requires body_whole(tls);
    requires \valid_read(before + (0 .. ROOTLET_HASH_BYTES - 1));
    requires \separated(tls, before + (0 .. ROOTLET_HASH_BYTES - 1));
    assigns *cookie, tls->secrets, tls->offered, tls->transcript, tls->state;
    ensures tls->offered == \old(tls->offered) ||
        tls->offered == (uint16_t)(\old(tls->offered) | BIT_COOKIE);
    ensures tls->state == \old(tls->state) ||
        tls->state == STATE_SEND_SECOND_HELLO && \valid_read(tls->secrets.hello.cookie +
            (0 .. tls->secrets.hello.cookie_length - 1)) &&
        beside(tls->secrets.hello.cookie, \old(cookie->next)); */
static rootlet_status take_cookie(rootlet_tls *tls, rootlet_reader *cookie,
                                  const uint8_t before[ROOTLET_HASH_BYTES])
{
    /* Section 4.1: in the transcript the first hello is replaced by its hash. */
    static const uint8_t message_hash[] = {MESSAGE_HASH, 0, 0, ROOTLET_HASH_BYTES};
    if (!rootlet_tls_enter_last(cookie, 2) || cookie->left == 0) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    if (cookie->left > ROOTLET_COOKIE_BYTES) {
        return ROOTLET_ERR_TLS_COOKIE_TOO_LONG;
    }
    tls->secrets.hello.cookie = cookie->next;
    tls->secrets.hello.cookie_length = (uint16_t)cookie->left;
    tls->offered |= BIT_COOKIE;
    tls->state = STATE_SEND_SECOND_HELLO;
    rootlet_sha256_init(&tls->transcript);
    rootlet_sha256_update(&tls->transcript, message_hash, sizeof message_hash);
    rootlet_sha256_update(&tls->transcript, before, ROOTLET_HASH_BYTES);
    rootlet_tls_hash_message(tls);
    return ROOTLET_OK;
}

rootlet_status rootlet_tls_take_server_hello(rootlet_tls *tls, rootlet_reader *body,
                                             const uint8_t before[ROOTLET_HASH_BYTES])
{
    rootlet_reader found[EXTENSION_PLACES];
    bool retry = is_hello_retry(body);
    if (retry && tls->state != STATE_WAIT_SERVER_HELLO) {
        return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
    }
    rootlet_status status = read_hello(found, tls, body, retry ? BIT_COOKIE : 0);
    if (status != ROOTLET_OK) {
        return status;
    }
    if (!retry) {
        return take_share(tls, &found[AT_KEY_SHARE]);
    }
    if (found[AT_KEY_SHARE].next != NULL || found[AT_COOKIE].next == NULL) {
        return ROOTLET_ERR_TLS_HELLO_RETRY;
    }
    return take_cookie(tls, &found[AT_COOKIE], before);
}
