/*
 * A whole client: learn the time, connect to the bundle's first host, ask for /hello, print it.
 *
 *   hello_tls ADDRESS        ADDRESS is host:port of the server
 */
#include "blocking_roughtime.h"
#include "blocking_tls.h"

#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
    static uint8_t in[ROOTLET_TLS_IN_BYTES], out[ROOTLET_TLS_OUT_BYTES];
    static uint8_t handshake[ROOTLET_TLS_HANDSHAKE_BYTES];
    static blocking_roughtime measurement;
    static const roughtime_options time_options = {.timeout_ms = 1000};
    device_clock clock;
    static blocking_tls tls;
    const char *host = rootlet_trust.hosts[0];
    rootlet_tls_config config = {
        .trust = {.anchors = rootlet_trust.anchors,
                  .anchor_count = rootlet_trust.anchor_count,
                  .host = (const uint8_t *)host,
                  .host_length = strlen(host)},
    };
    rootlet_tls_buffers buffers = {in, sizeof in, out, sizeof out, handshake, sizeof handshake};
    char text[256];

    /* A product stores a clock_record now and then, and hands it in here. */
    device_clock_start(&clock, rootlet_trust_made, NULL, CLOCK_DRIFT_CRYSTAL_PPM,
                       port_milliseconds());
    rootlet_status status =
        blocking_roughtime_measure(&measurement, &clock, &rootlet_trust, &time_options);
    config.trust.now = device_clock_now(&clock, port_milliseconds());
    if (status == ROOTLET_OK && count == 2) {
        status = blocking_tls_connect(&tls, words[1], &config, &buffers, 5000);
        if (status == ROOTLET_OK) {
            int length =
                snprintf(text, sizeof text,
                         "GET /hello HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
            status = blocking_tls_write(&tls, text, (size_t)length);
            for (size_t got; (got = blocking_tls_read(&tls, text, sizeof text)) > 0;) {
                (void)fwrite(text, 1, got, stdout);
            }
            status = status == ROOTLET_OK ? rootlet_tls_status(&tls.engine) : status;
        }
        blocking_tls_close(&tls);
    }
    fprintf(stderr, "\n%s\n", rootlet_status_text(status));
    return status == ROOTLET_OK ? 0 : 1;
}
