/*
 * The device of `rootlet demo` as firmware: same arguments, same line of JSON, same exit code as
 * device/examples/demo_device.c, behind a line of what it cost.
 *
 *   HOST ADDRESS PATH [--identity CERT.der KEY.raw] [--no-clock] [--time-server ADDRESS]
 *   [--connections N] [--timeout MS]
 *
 * The emulator hands over the arguments and the two files; all else that the device knows of its
 * maker is the bundle it was linked with.
 */
#include "board.h"
#include "host.h"
#include "net.h"
#include "net_roughtime.h"
#include "net_tls.h"
#include "print.h"

#include "rootlet/wipe.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 3000
#define TIME_TIMEOUT_MS 1000
#define CERTIFICATE_BYTES 1024
#define ANSWER_BYTES 2048
#define BODY_BYTES 256
#define PAUSE_MS 60 /* between connections, so that they span a reload */
#define COMMAND_BYTES 1024
#define MOST_WORDS 16

typedef struct options {
    const char *host, *address, *path, *certificate, *key, *time_server;
    uint32_t timeout_ms;
    int connections;
    bool no_clock;
} options;

/* Memory that TLS and Roughtime never need at the same time. */
typedef union memory {
    net_roughtime clock;
    struct {
        net_tls tls;
        rootlet_tls_config config;
        uint8_t in[ROOTLET_TLS_IN_BYTES], out[ROOTLET_TLS_OUT_BYTES];
        uint8_t handshake[ROOTLET_TLS_HANDSHAKE_BYTES];
    } connection;
} memory;

typedef struct outcome {
    rootlet_time now;
    rootlet_status clock, status;
    uint8_t alert;
    int answered;
    size_t sent, received;
    meter measurement, handshake, connection;
    char answer[ANSWER_BYTES];
} outcome;

static memory shared;

static rootlet_status ask(net_tls *tls, const options *asked, outcome *seen)
{
    static print_line request;
    request.length = 0;
    print_text(&request, "GET ");
    print_text(&request, asked->path);
    print_text(&request, " HTTP/1.1\r\nHost: ");
    print_text(&request, asked->host);
    print_text(&request, "\r\nConnection: close\r\n\r\n");
    rootlet_status status = net_tls_write(tls, (const uint8_t *)request.text, request.length);
    size_t filled = 0;
    while (status == ROOTLET_OK && filled < ANSWER_BYTES - 1) {
        size_t got = net_tls_read(tls, (uint8_t *)seen->answer + filled, ANSWER_BYTES - 1 - filled);
        if (got == 0) {
            status = rootlet_tls_status(&tls->engine);
            break;
        }
        filled += got;
    }
    seen->answer[filled] = '\0';
    return status;
}

static rootlet_status connect_once(const options *asked, const rootlet_identity *identity,
                                   outcome *seen)
{
    net_tls *tls = &shared.connection.tls;
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
        net_tls_connect(tls, asked->address, config, &buffers, asked->timeout_ms);
    meter_note(&tls->cost);
    seen->handshake = tls->cost;
    if (status == ROOTLET_OK) {
        status = ask(tls, asked, seen);
    }
    if (status == ROOTLET_ERR_TLS_ALERT_RECEIVED) {
        seen->alert = rootlet_tls_alert_received(&tls->engine);
    }
    seen->sent += tls->sent;
    seen->received += tls->received;
    net_tls_close(tls);
    meter_note(&tls->cost);
    seen->connection = tls->cost;
    return status;
}

static void learn_time(const options *asked, outcome *seen)
{
    net_roughtime *clock = &shared.clock;
    seen->clock = net_roughtime_measure(clock, &seen->now, &rootlet_trust, asked->time_server,
                                        TIME_TIMEOUT_MS);
    meter_note(&clock->cost);
    seen->measurement = clock->cost;
    seen->sent += clock->sent;
    seen->received += clock->received;
}

static void pause(uint32_t milliseconds)
{
    uint32_t start = board_milliseconds();
    while (board_milliseconds() - start < milliseconds) {
        board_sleep();
    }
}

static void run(const options *asked, outcome *seen)
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
        pause(i == 0 ? 0 : PAUSE_MS);
        seen->status = connect_once(asked, certificate.length == 0 ? NULL : &identity, seen);
        if (seen->status != ROOTLET_OK) {
            break;
        }
        seen->answered++;
    }
    rootlet_wipe(key, sizeof key);
}

static void print_cost(print_line *line, const char *phase, const meter *spent)
{
    print_text(line, "}, \"");
    print_text(line, phase);
    print_text(line, "\": {\"stack\": ");
    print_number(line, spent->stack);
    print_field(line, "library_stack", spent->library_stack);
    print_field(line, "ticks", spent->ticks);
}

static void print_costs(print_line *line, const outcome *seen)
{
    print_text(line, "{\"memory\": {\"tls\": ");
    print_number(line, sizeof shared.connection.tls.engine);
    print_field(line, "config", sizeof shared.connection.config);
    print_field(line, "in", sizeof shared.connection.in);
    print_field(line, "out", sizeof shared.connection.out);
    print_field(line, "handshake", sizeof shared.connection.handshake);
    print_field(line, "roughtime_head", sizeof shared.clock.head);
    print_field(line, "roughtime_response", sizeof shared.clock.response);
    print_field(line, "roughtime_sample", sizeof shared.clock.sample);
    print_cost(line, "measurement", &seen->measurement);
    print_cost(line, "handshake", &seen->handshake);
    print_cost(line, "connection", &seen->connection);
    print_text(line, "}}");
    print_end(line);
}

static void print_outcome(print_line *line, const options *asked, const outcome *seen)
{
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
    print_text(line, ", \"status\": \"");
    print_text(line, tried ? rootlet_status_name(seen->status) : "none");
    print_text(line, "\"");
    print_field(line, "alert", seen->alert);
    print_field(line, "http", http ? (uint64_t)atoi(seen->answer + 9) : 0);
    print_field(line, "connections", (uint64_t)seen->answered);
    print_field(line, "sent", seen->sent);
    print_field(line, "received", seen->received);
    print_field(line, "milliseconds", board_milliseconds());
    print_text(line, ", \"body\": \"");
    print_escaped(line, *body == '\0' ? body : body + 4, BODY_BYTES);
    print_text(line, "\"}");
    print_end(line);
}

static size_t split(char *line, const char *words[MOST_WORDS])
{
    size_t count = 0;
    while (*line != '\0' && count < MOST_WORDS) {
        words[count++] = line;
        while (*line != '\0' && *line != ' ') {
            line++;
        }
        if (*line == ' ') {
            *line++ = '\0';
        }
    }
    return count;
}

static bool parse(options *asked, size_t count, const char *words[MOST_WORDS])
{
    if (count < 4) {
        return false;
    }
    asked->host = words[1];
    asked->address = words[2];
    asked->path = words[3];
    for (size_t i = 4; i < count; i++) {
        if (strcmp(words[i], "--no-clock") == 0) {
            asked->no_clock = true;
        } else if (strcmp(words[i], "--time-server") == 0 && i + 1 < count) {
            asked->time_server = words[++i];
        } else if (strcmp(words[i], "--connections") == 0 && i + 1 < count) {
            asked->connections = atoi(words[++i]);
        } else if (strcmp(words[i], "--timeout") == 0 && i + 1 < count) {
            asked->timeout_ms = (uint32_t)atoi(words[++i]);
        } else if (strcmp(words[i], "--identity") == 0 && i + 2 < count) {
            asked->certificate = words[++i];
            asked->key = words[++i];
        } else {
            return false;
        }
    }
    return true;
}

int main(void)
{
    static char command[COMMAND_BYTES];
    static const char *words[MOST_WORDS];
    static outcome seen = {.alert = ROOTLET_ALERT_NONE};
    static print_line line;
    options asked = {.connections = 1, .timeout_ms = TIMEOUT_MS};
    host_arguments(command, sizeof command);
    if (!parse(&asked, split(command, words), words)) {
        print_text(&line, "usage: HOST ADDRESS PATH [--identity CERT.der KEY.raw] [--no-clock] "
                          "[--time-server ADDRESS] [--connections N] [--timeout MS]");
        print_end(&line);
        return 2;
    }
    net_start();
    run(&asked, &seen);
    print_costs(&line, &seen);
    print_outcome(&line, &asked, &seen);
    return seen.clock == ROOTLET_OK && seen.status == ROOTLET_OK ? 0 : 1;
}
