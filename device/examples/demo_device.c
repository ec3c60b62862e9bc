/*
 * The device of `rootlet demo`: wakes up in 1970, asks its time servers, connects, asks one
 * question, and prints one line of JSON about it.
 *
 *   demo_device HOST ADDRESS PATH [--identity CERT.der KEY.raw] [--no-clock]
 *               [--time-server ADDRESS] [--connections N]
 *
 * All it knows of its maker is the bundle it was compiled with.
 */
#include "posix_roughtime.h"
#include "posix_socket.h"
#include "posix_tls.h"

#include "rootlet/wipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_MS 3000
#define TIME_TIMEOUT_MS 1000
#define CERTIFICATE_BYTES 1024
#define ANSWER_BYTES 2048
#define BODY_BYTES 256
#define PAUSE_NANOSECONDS 60000000 /* between connections, so that they span a reload */

typedef struct device_options {
    const char *host, *address, *path, *certificate, *key, *time_server;
    long connections;
    bool no_clock;
} device_options;

typedef struct device_outcome {
    rootlet_time now;
    rootlet_status clock, status;
    uint8_t alert;
    long answered;
    size_t sent, received;
    char answer[ANSWER_BYTES];
} device_outcome;

static size_t load(const char *path, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    size_t length = file == NULL ? 0 : fread(bytes, 1, room, file);
    if (file != NULL) {
        (void)fclose(file);
    }
    return length;
}

static rootlet_status ask(posix_tls *tls, const device_options *asked, device_outcome *seen)
{
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", asked->path,
                          asked->host);
    if (length <= 0 || (size_t)length >= sizeof request) {
        return ROOTLET_ERR_MISUSE;
    }
    rootlet_status status = posix_tls_write(tls, request, (size_t)length);
    size_t filled = 0;
    while (status == ROOTLET_OK && filled < ANSWER_BYTES - 1) {
        ssize_t got = posix_tls_read(tls, seen->answer + filled, ANSWER_BYTES - 1 - filled);
        if (got <= 0) {
            status = rootlet_tls_status(&tls->engine);
            break;
        }
        filled += (size_t)got;
    }
    seen->answer[filled] = '\0';
    return status;
}

static rootlet_status connect_once(const device_options *asked, const rootlet_identity *identity,
                                   device_outcome *seen)
{
    static uint8_t in[ROOTLET_TLS_IN_BYTES], out[ROOTLET_TLS_OUT_BYTES];
    static uint8_t handshake[ROOTLET_TLS_HANDSHAKE_BYTES], random[ROOTLET_TLS_RANDOM_BYTES];
    rootlet_tls_config config = {
        .trust = {.anchors = rootlet_trust.anchors,
                  .anchor_count = rootlet_trust.anchor_count,
                  .host = (const uint8_t *)asked->host,
                  .host_length = strlen(asked->host),
                  .now = seen->now},
        .identity = identity,
        .random = random,
    };
    rootlet_tls_buffers buffers = {in, sizeof in, out, sizeof out, handshake, sizeof handshake};
    posix_tls tls;
    if (!posix_random(random, sizeof random)) {
        return ROOTLET_ERR_MISUSE;
    }
    rootlet_status status = posix_tls_connect(&tls, asked->address, &config, &buffers, TIMEOUT_MS);
    if (status == ROOTLET_OK) {
        status = ask(&tls, asked, seen);
    }
    if (status == ROOTLET_ERR_TLS_ALERT_RECEIVED) {
        seen->alert = rootlet_tls_alert_received(&tls.engine);
    }
    seen->sent += tls.sent;
    seen->received += tls.received;
    posix_tls_close(&tls);
    return status;
}

static void run(const device_options *asked, device_outcome *seen)
{
    static uint8_t der[CERTIFICATE_BYTES], key[ROOTLET_PRIVATE_KEY_BYTES];
    rootlet_certificate certificate = {der, 0};
    rootlet_identity identity = {&certificate, 1, key};
    if (!asked->no_clock) {
        seen->clock = posix_roughtime_measure(&seen->now, &rootlet_trust, asked->time_server,
                                              TIME_TIMEOUT_MS, &seen->sent, &seen->received);
        if (seen->clock != ROOTLET_OK) {
            return; /* a device that does not know the time trusts no certificate */
        }
    }
    if (asked->certificate != NULL) {
        certificate.length = load(asked->certificate, der, sizeof der);
        if (load(asked->key, key, sizeof key) != sizeof key) {
            certificate.length = 0;
        }
    }
    for (long i = 0; i < asked->connections; i++) {
        const struct timespec pause = {0, i == 0 ? 0 : PAUSE_NANOSECONDS};
        (void)nanosleep(&pause, NULL);
        seen->status = connect_once(asked, certificate.length == 0 ? NULL : &identity, seen);
        if (seen->status != ROOTLET_OK) {
            break;
        }
        seen->answered++;
    }
    rootlet_wipe(key, sizeof key);
}

/* The answer's body as a JSON string; what would need escaping is escaped or left out. */
static void print_body(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n");
    for (size_t i = 0; body != NULL && i < BODY_BYTES && body[4 + i] != '\0'; i++) {
        char c = body[4 + i];
        if (c == '"' || c == '\\') {
            putchar('\\');
        }
        if (c >= ' ') {
            putchar(c);
        }
    }
}

static void print(const device_options *asked, const device_outcome *seen, uint64_t milliseconds)
{
    const char *clock = asked->no_clock ? "unset" : rootlet_status_name(seen->clock);
    bool tried = asked->no_clock || seen->clock == ROOTLET_OK;
    long http = 0;
    if (strncmp(seen->answer, "HTTP/1.1 ", 9) == 0) {
        http = strtol(seen->answer + 9, NULL, 10);
    }
    printf("{\"clock\": \"%s\", \"earliest\": %llu, \"latest\": %llu, \"status\": \"%s\", "
           "\"alert\": %u, \"http\": %ld, \"connections\": %ld, \"sent\": %zu, \"received\": %zu, "
           "\"milliseconds\": %llu, \"body\": \"",
           clock, (unsigned long long)seen->now.earliest, (unsigned long long)seen->now.latest,
           tried ? rootlet_status_name(seen->status) : "none", (unsigned)seen->alert, http,
           seen->answered, seen->sent, seen->received, (unsigned long long)milliseconds);
    print_body(seen->answer);
    printf("\"}\n");
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
        } else if (strcmp(words[i], "--time-server") == 0 && i + 1 < count) {
            asked->time_server = words[++i];
        } else if (strcmp(words[i], "--connections") == 0 && i + 1 < count) {
            asked->connections = strtol(words[++i], NULL, 10);
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
    device_options asked = {.connections = 1};
    static device_outcome seen = {.alert = ROOTLET_ALERT_NONE};
    if (!parse(&asked, count, words)) {
        fprintf(stderr, "usage: demo_device HOST ADDRESS PATH [--identity CERT.der KEY.raw] "
                        "[--no-clock] [--time-server ADDRESS] [--connections N]\n");
        return 2;
    }
    uint64_t start = posix_milliseconds();
    run(&asked, &seen);
    print(&asked, &seen, posix_milliseconds() - start);
    return seen.clock == ROOTLET_OK && seen.status == ROOTLET_OK ? 0 : 1;
}
