/*
 * The device of `rootlet demo`: wakes up in 1970, asks its time servers, connects, asks one
 * question, and prints one line of JSON about it. On any port: as a program of this machine and as
 * firmware.
 *
 *   demo_device HOST ADDRESS PATH [--identity CERT.der KEY.raw] [--no-clock]
 *               [--time-server ADDRESS]... [--record FILE] [--evidence FILE]
 *               [--connections N] [--timeout MS] [--time-timeout MS]
 *
 * The files stand for what a product has in flash: certificate and key, and what its clock stores
 * across reboots. All else that it knows of its maker is the bundle it was compiled with. The
 * first --time-server stands in for the bundle's first one, and so on.
 */
#include "blocking_roughtime.h"
#include "blocking_tls.h"
#include "host.h"
#include "print.h"

#include "rootlet/wipe.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 3000
#define TIME_TIMEOUT_MS 1000
#define CERTIFICATE_BYTES 1024
#define ANSWER_BYTES 2048
#define BODY_BYTES 256
#define PAUSE_MS 60        /* between connections, so that they span a reload */
#define EVIDENCE_ANSWERS 6 /* two rounds of three servers */

typedef struct device_options {
    const char *host, *address, *path, *certificate, *key, *record, *evidence;
    const char *time_servers[MEASURED_SERVERS];
    size_t time_server_count;
    uint32_t timeout_ms, time_timeout_ms;
    int connections;
    bool no_clock;
} device_options;

/* Memory that TLS and Roughtime never need at the same time. */
typedef union memory {
    struct {
        blocking_roughtime measurement;
        uint8_t evidence[EVIDENCE_BYTES(EVIDENCE_ANSWERS)];
    } time;
    struct {
        blocking_tls tls;
        rootlet_tls_config config;
        uint8_t in[ROOTLET_TLS_IN_BYTES], out[ROOTLET_TLS_OUT_BYTES];
        uint8_t handshake[ROOTLET_TLS_HANDSHAKE_BYTES];
    } connection;
} memory;

typedef struct device_outcome {
    rootlet_time now;
    rootlet_status clock, status;
    uint8_t asked, agreed;
    bool contradiction;
    uint8_t alert;
    int answered;
    size_t sent, received;
    char answer[ANSWER_BYTES];
} device_outcome;

static memory shared;

static rootlet_status ask(blocking_tls *tls, const device_options *asked, device_outcome *seen)
{
    static print_line request;
    request.length = 0;
    print_text(&request, "GET ");
    print_text(&request, asked->path);
    print_text(&request, " HTTP/1.1\r\nHost: ");
    print_text(&request, asked->host);
    print_text(&request, "\r\nConnection: close\r\n\r\n");
    if (request.length == sizeof request.text) {
        return ROOTLET_ERR_MISUSE; /* it may be cut */
    }
    rootlet_status status = blocking_tls_write(tls, request.text, request.length);
    size_t filled = 0;
    while (status == ROOTLET_OK && filled < ANSWER_BYTES - 1) {
        size_t got = blocking_tls_read(tls, seen->answer + filled, ANSWER_BYTES - 1 - filled);
        if (got == 0) {
            status = rootlet_tls_status(&tls->engine);
            break;
        }
        filled += got;
    }
    seen->answer[filled] = '\0';
    return status;
}

static rootlet_status connect_once(const device_options *asked, const rootlet_identity *identity,
                                   device_outcome *seen)
{
    blocking_tls *tls = &shared.connection.tls;
    rootlet_tls_config *config = &shared.connection.config;
    const rootlet_tls_buffers buffers = {
        shared.connection.in,        sizeof shared.connection.in,
        shared.connection.out,       sizeof shared.connection.out,
        shared.connection.handshake, sizeof shared.connection.handshake};
    *config = (rootlet_tls_config){
        .trust = {.anchors = rootlet_trust.anchors,
                  .anchor_count = rootlet_trust.anchor_count,
                  .host = (const uint8_t *)asked->host,
                  .host_length = strlen(asked->host),
                  .now = seen->now},
        .identity = identity,
    };
    rootlet_status status =
        blocking_tls_connect(tls, asked->address, config, &buffers, asked->timeout_ms);
    if (status == ROOTLET_OK) {
        status = ask(tls, asked, seen);
    }
    if (status == ROOTLET_ERR_TLS_ALERT_RECEIVED) {
        seen->alert = rootlet_tls_alert_received(&tls->engine);
    }
    seen->sent += tls->sent;
    seen->received += tls->received;
    blocking_tls_close(tls);
    return status;
}

static void learn_time(const device_options *asked, device_outcome *seen)
{
    evidence kept = {.bytes = shared.time.evidence, .room = sizeof shared.time.evidence};
    const roughtime_options options = {
        .addresses = asked->time_servers,
        .address_count = asked->time_server_count,
        .timeout_ms = asked->time_timeout_ms,
        .evidence = asked->evidence == NULL ? NULL : &kept,
    };
    blocking_roughtime *measurement = &shared.time.measurement;
    device_clock clock;
    clock_record record;
    const bool stored =
        asked->record != NULL && host_read(asked->record, &record, sizeof record) == sizeof record;
    device_clock_start(&clock, rootlet_trust_made, stored ? &record : NULL, CLOCK_DRIFT_CRYSTAL_PPM,
                       port_milliseconds());
    seen->clock = blocking_roughtime_measure(measurement, &clock, &rootlet_trust, &options);
    seen->now = device_clock_now(&clock, port_milliseconds());
    seen->asked = measurement->asked;
    seen->agreed = measurement->agreed;
    seen->contradiction = measurement->contradiction;
    seen->sent += measurement->sent;
    seen->received += measurement->received;
    if (asked->record != NULL && device_clock_record(&clock, &record, port_milliseconds())) {
        (void)host_write(asked->record, &record, sizeof record);
    }
    if (options.evidence != NULL && measurement->contradiction) {
        (void)host_write(asked->evidence, kept.bytes, kept.length);
    }
}

static void run(const device_options *asked, device_outcome *seen)
{
    static uint8_t der[CERTIFICATE_BYTES], key[ROOTLET_PRIVATE_KEY_BYTES];
    rootlet_certificate certificate = {der, 0};
    const rootlet_identity identity = {&certificate, 1, key};
    if (!asked->no_clock) {
        learn_time(asked, seen);
        if (seen->clock != ROOTLET_OK) {
            return; /* a device that does not know the time trusts no certificate */
        }
    }
    if (asked->certificate != NULL && host_read(asked->key, key, sizeof key) == sizeof key) {
        certificate.length = host_read(asked->certificate, der, sizeof der);
    }
    for (int i = 0; i < asked->connections; i++) {
        port_pause(i == 0 ? 0 : PAUSE_MS);
        seen->status = connect_once(asked, certificate.length == 0 ? NULL : &identity, seen);
        if (seen->status != ROOTLET_OK) {
            break;
        }
        seen->answered++;
    }
    rootlet_wipe(key, sizeof key);
}

static void print_outcome(const device_options *asked, const device_outcome *seen,
                          uint32_t milliseconds)
{
    static print_line text, *line = &text;
    const char *clock = asked->no_clock ? "unset" : rootlet_status_name(seen->clock);
    bool tried = asked->no_clock || seen->clock == ROOTLET_OK;
    bool http = strncmp(seen->answer, "HTTP/1.1 ", 9) == 0;
    const char *body = seen->answer;
    while (*body != '\0' && strncmp(body, "\r\n\r\n", 4) != 0) {
        body++;
    }
    print_text(line, "{\"clock\": \"");
    print_text(line, clock);
    print_text(line, "\"");
    print_field(line, "earliest", seen->now.earliest);
    print_field(line, "latest", seen->now.latest);
    print_field(line, "asked", seen->asked);
    print_field(line, "agreed", seen->agreed);
    print_text(line, ", \"contradiction\": ");
    print_text(line, seen->contradiction ? "true" : "false");
    print_text(line, ", \"status\": \"");
    print_text(line, tried ? rootlet_status_name(seen->status) : "none");
    print_text(line, "\"");
    print_field(line, "alert", seen->alert);
    print_field(line, "http", http ? (uint64_t)atoi(seen->answer + 9) : 0);
    print_field(line, "connections", (uint64_t)seen->answered);
    print_field(line, "sent", seen->sent);
    print_field(line, "received", seen->received);
    print_field(line, "milliseconds", milliseconds);
    print_text(line, ", \"body\": \"");
    print_escaped(line, *body == '\0' ? body : body + 4, BODY_BYTES);
    print_text(line, "\"}");
    print_end(line);
}

static bool parse(device_options *asked, int count, char **words)
{
    if (count < 4) {
        return false;
    }
    asked->host = words[1];
    asked->address = words[2];
    asked->path = words[3];
    for (int i = 4; i < count; i++) {
        if (strcmp(words[i], "--no-clock") == 0) {
            asked->no_clock = true;
        } else if (strcmp(words[i], "--time-server") == 0 && i + 1 < count &&
                   asked->time_server_count < MEASURED_SERVERS) {
            asked->time_servers[asked->time_server_count++] = words[++i];
        } else if (strcmp(words[i], "--record") == 0 && i + 1 < count) {
            asked->record = words[++i];
        } else if (strcmp(words[i], "--evidence") == 0 && i + 1 < count) {
            asked->evidence = words[++i];
        } else if (strcmp(words[i], "--connections") == 0 && i + 1 < count) {
            asked->connections = atoi(words[++i]);
        } else if (strcmp(words[i], "--timeout") == 0 && i + 1 < count) {
            asked->timeout_ms = (uint32_t)atoi(words[++i]);
        } else if (strcmp(words[i], "--time-timeout") == 0 && i + 1 < count) {
            asked->time_timeout_ms = (uint32_t)atoi(words[++i]);
        } else if (strcmp(words[i], "--identity") == 0 && i + 2 < count) {
            asked->certificate = words[++i];
            asked->key = words[++i];
        } else {
            return false;
        }
    }
    return true;
}

int main(int count, char **words)
{
    static const char usage[] = "usage: demo_device HOST ADDRESS PATH "
                                "[--identity CERT.der KEY.raw] [--no-clock] "
                                "[--time-server ADDRESS]... [--record FILE] [--evidence FILE] "
                                "[--connections N] [--timeout MS] [--time-timeout MS]\n";
    static device_outcome seen = {.alert = ROOTLET_ALERT_NONE};
    device_options asked = {
        .connections = 1, .timeout_ms = TIMEOUT_MS, .time_timeout_ms = TIME_TIMEOUT_MS};
    if (!parse(&asked, count, words)) {
        host_print(usage, sizeof usage - 1);
        return 2;
    }
    uint32_t start = port_milliseconds();
    run(&asked, &seen);
    print_outcome(&asked, &seen, port_milliseconds() - start);
    return seen.clock == ROOTLET_OK && seen.status == ROOTLET_OK ? 0 : 1;
}
