/* ClientHello, section 4.2.2: the one offer there is. After a HelloRetryRequest the same again,
 * with its cookie (section 4.2.4). */
#include "engine.h"
#include "extensions.h"

#include "x509/host.h"

#define PAIR(number) (uint8_t)((number) >> 8), (uint8_t)(number)

/* cipher_suites, legacy_compression_methods */
static const uint8_t suites[] = {PAIR(2), PAIR(ROOTLET_TLS_SUITE), 1, 0};

/* The extensions that are always the same, up to the key share's bytes. */
static const uint8_t always[] = {PAIR(EXTENSION_SUPPORTED_GROUPS),
                                 PAIR(4),
                                 PAIR(2),
                                 PAIR(ROOTLET_TLS_GROUP),
                                 PAIR(EXTENSION_SIGNATURE_ALGORITHMS),
                                 PAIR(4),
                                 PAIR(2),
                                 PAIR(ROOTLET_TLS_SIGNATURE_SCHEME),
                                 PAIR(EXTENSION_SUPPORTED_VERSIONS),
                                 PAIR(3),
                                 2,
                                 PAIR(0x0304),
                                 PAIR(EXTENSION_KEY_SHARE),
                                 PAIR(6 + ROOTLET_KEY_SHARE_BYTES),
                                 PAIR(4 + ROOTLET_KEY_SHARE_BYTES),
                                 PAIR(ROOTLET_TLS_GROUP),
                                 PAIR(ROOTLET_KEY_SHARE_BYTES)};

/*
 * An extension with one name or cookie in it. What stands in front of the name, behind the type and
 * length of the extension: the length of a list (or, without one, of the cookie), then name_type
 * and length of the name (RFC 6066 section 3), its length alone (RFC 7301 section 3.1), or nothing.
 */
#define IN_FRONT_OF_SERVER_NAME 5u
#define IN_FRONT_OF_ALPN 3u
#define IN_FRONT_OF_COOKIE 2u

/*@ requires writing(writer) && \valid_read(name + (0 .. length - 1));
    requires 2 <= (type_and_front & 0xff) <= 6;
    assigns writer->length, writer->to[0 .. writer->room - 1]; */
static void write_named(rootlet_tls_writer *writer, uint32_t type_and_front, const uint8_t *name,
                        size_t length)
{
    uint32_t header = type_and_front + (uint32_t)length;
    rootlet_tls_write_be(writer, header, 4);
    rootlet_tls_write_be(writer, header - 2, 2);
    rootlet_tls_write_be(writer, (uint32_t)length, (type_and_front & 0xff) - 2);
    rootlet_tls_write(writer, name, length);
}

void rootlet_tls_write_client_hello(rootlet_tls *tls, rootlet_tls_writer *writer)
{
    const rootlet_tls_hello *hello = &tls->secrets.hello;
    const rootlet_tls_config *config = tls->config;
    rootlet_tls_write_be(writer, 0x0303, 2);
    rootlet_tls_write(writer, hello->random, HELLO_RANDOM_BYTES);
    rootlet_tls_write_be(writer, SESSION_ID_BYTES, 1);
    if (SESSION_ID_BYTES != 0) {
        rootlet_tls_write(writer, hello->random + SESSION_ID_OFFSET, SESSION_ID_BYTES);
    }
    rootlet_tls_write(writer, suites, sizeof suites);
    rootlet_tls_write_rest(writer, 2);
    if (tls->offered & BIT_SERVER_NAME) { /* without a trailing dot */
        write_named(writer, EXTENSION_SERVER_NAME << 16 | IN_FRONT_OF_SERVER_NAME,
                    config->trust.host, rootlet_x509_host_length(&config->trust));
    }
    rootlet_tls_write(writer, always, sizeof always);
    rootlet_tls_write(writer, hello->share, sizeof hello->share);
    /* RFC 8449 section 4 counts the content type too. */
    rootlet_tls_write_be(writer, EXTENSION_RECORD_SIZE_LIMIT << 16 | 2, 4);
    rootlet_tls_write_be(writer, tls->content_limit + 1u, 2);
    if (tls->offered & BIT_MAX_FRAGMENT_LENGTH) {
        rootlet_tls_write_be(writer, EXTENSION_MAX_FRAGMENT_LENGTH << 16 | 1, 4);
        rootlet_tls_write_be(writer, tls->fragment_code, 1);
    }
    if (ROOTLET_TLS_ALPN && tls->offered & BIT_ALPN) {
        write_named(writer, EXTENSION_ALPN << 16 | IN_FRONT_OF_ALPN, config->alpn,
                    config->alpn_length);
    }
    if (tls->offered & BIT_COOKIE) {
        write_named(writer, EXTENSION_COOKIE << 16 | IN_FRONT_OF_COOKIE, hello->cookie,
                    hello->cookie_length);
    }
}
