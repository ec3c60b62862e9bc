/* See blocking_roughtime.h. */
#include "blocking_roughtime.h"

#include "agreement.h"

/* RFC 10049 section 5: after the first failure nobody is asked again for this long. */
#define PAUSE_MS CLOCK_FIRST_WAIT_MS

static const uint8_t zeros[ROOTLET_ROUGHTIME_PADDING_BYTES];
static const rootlet_time nothing = {1, 0};

/* Its frame is not to lie under the check of an answer, where the stack is deepest. */
#define BESIDE_THE_CHECK __attribute__((noinline))

/* Whom a round asks. */
typedef enum { EVERYONE, WHO_WAS_SILENT, WHO_ANSWERED } round_of;

/* Rounded up, so that an interval is never made too narrow. */
static uint32_t seconds_up(uint32_t milliseconds)
{
    return milliseconds / 1000 + (milliseconds % 1000 != 0);
}

static bool has_answered(const blocking_roughtime *m, size_t i)
{
    return m->allowed[i].earliest <= m->allowed[i].latest;
}

static size_t quorum(const blocking_roughtime *m)
{
    return m->asked / 2u + 1;
}

/* A random selection of the servers in a random order: a shuffle from the inside out, in which a
 * place beyond the last one drops out. */
static bool draw_servers(blocking_roughtime *m, size_t count)
{
    m->asked = count < MEASURED_SERVERS ? (uint8_t)count : MEASURED_SERVERS;
    for (size_t i = 0; i < count && i <= UINT8_MAX; i++) {
        uint8_t drawn[2];
        if (!port_random(drawn, sizeof drawn)) {
            return false;
        }
        const size_t j = (drawn[0] | (size_t)drawn[1] << 8) % (i + 1);
        if (i < m->asked) {
            m->place[i] = m->place[j];
        }
        if (j < m->asked) {
            m->place[j] = (uint8_t)i;
        }
    }
    return true;
}

/* RFC 10049 section 8.2: each nonce binds the answer before. After a packet that did not check
 * that answer is gone, and a new chain begins. */
BESIDE_THE_CHECK static bool prepare(blocking_roughtime *m, const uint8_t *key)
{
    evidence *kept = m->options->evidence;
    uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES];
    if (m->response_length == 0) {
        m->chain_earliest = 0;
        if (kept != NULL && !m->contradiction) {
            evidence_begin(kept);
        }
    }
    if (!port_random(m->random, sizeof m->random)) {
        return false;
    }
    rootlet_roughtime_chain(nonce, m->response, m->response_length, m->random);
    rootlet_roughtime_request(m->head, nonce, key);
    return true;
}

/* Waits for an answer that checks, until the timeout. */
static rootlet_status wait_for_answer(blocking_roughtime *m, const uint8_t *key)
{
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY;
    m->arrival = m->departure;
    while (m->arrival - m->departure < m->options->timeout_ms) {
        size_t got = port_udp_receive(&m->udp, m->response, sizeof m->response,
                                      m->options->timeout_ms - (m->arrival - m->departure));
        m->arrival = port_milliseconds();
        if (got == 0) {
            continue; /* in time it is a packet without a byte, which anyone can send, too */
        }
        m->received += got;
        m->response_length = 0;
        status = rootlet_roughtime_check(&m->sample, m->head, sizeof m->head, sizeof zeros,
                                         m->response, got, key, ROOTLET_ROUGHTIME_STRICT);
        if (status == ROOTLET_OK) {
            m->response_length = got;
            break;
        }
    }
    return status;
}

/* Keeps the answer, and looks whether one before it was later: section 8.2's causality. */
BESIDE_THE_CHECK static void link_to_chain(blocking_roughtime *m, const uint8_t *key)
{
    const rootlet_roughtime_sample *sample = &m->sample;
    evidence *kept = m->options->evidence;
    if (kept != NULL && !m->contradiction) {
        evidence_add(kept, key, m->random, m->response, m->response_length);
    }
    if (sample->midpoint < m->chain_earliest &&
        m->chain_earliest - sample->midpoint > sample->radius) {
        m->contradiction = true;
    }
    if (sample->midpoint > sample->radius &&
        m->chain_earliest < sample->midpoint - sample->radius) {
        m->chain_earliest = sample->midpoint - sample->radius;
    }
}

/* Narrows what the server in place i allows; one that contradicts itself counts as silent. */
BESIDE_THE_CHECK static rootlet_status take(blocking_roughtime *m, size_t i)
{
    if (!has_answered(m, i)) {
        m->allowed[i] = (rootlet_time){0, UINT64_MAX};
        m->arrived[i] = m->arrival;
    }
    rootlet_status status =
        rootlet_roughtime_join(&m->allowed[i], &m->sample, seconds_up(m->arrival - m->arrived[i]),
                               seconds_up(m->arrival - m->departure), LONGEST_DELAY_SECONDS);
    if (status != ROOTLET_OK) {
        m->allowed[i] = nothing;
    }
    m->arrived[i] = m->arrival;
    return status;
}

static rootlet_status ask(blocking_roughtime *m, const rootlet_time_server *server,
                          const char *address)
{
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY;
    if (!prepare(m, server->key)) {
        return ROOTLET_ERR_MISUSE;
    }
    if (!port_udp_open(&m->udp, address)) {
        return status;
    }
    m->departure = port_milliseconds();
    if (port_udp_send(&m->udp, m->head, sizeof m->head, zeros, sizeof zeros)) {
        m->sent += ROOTLET_ROUGHTIME_REQUEST_BYTES;
        status = wait_for_answer(m, server->key);
    }
    port_udp_close(&m->udp);
    return status;
}

static void ask_round(blocking_roughtime *m, round_of whom)
{
    for (size_t i = 0; i < m->asked; i++) {
        if (whom != EVERYONE && has_answered(m, i) != (whom == WHO_ANSWERED)) {
            continue;
        }
        const size_t place = m->place[i];
        const rootlet_time_server *server = &m->bundle->time_servers[place];
        rootlet_status status =
            ask(m, server,
                place < m->options->address_count ? m->options->addresses[place] : server->address);
        if (status == ROOTLET_OK) {
            link_to_chain(m, server->key);
            status = take(m, i);
        }
        if (status != ROOTLET_OK && m->failure == ROOTLET_ERR_ROUGHTIME_DELAY) {
            m->failure = status; /* what somebody said tells more than silence */
        }
    }
}

/* What a majority allows now, if there is anything. */
BESIDE_THE_CHECK static void conclude(blocking_roughtime *m)
{
    m->departure = m->arrival = port_milliseconds();
    m->answered = m->agreed = 0;
    for (size_t i = 0; i < m->asked; i++) {
        if (has_answered(m, i)) {
            const uint32_t since = seconds_up(m->arrival - m->arrived[i]);
            const uint64_t latest = m->allowed[i].latest;
            m->allowed[i].latest = latest > UINT64_MAX - since ? UINT64_MAX : latest + since;
            m->arrived[i] = m->arrival;
            m->answered++;
        }
    }
    if (agreement(&m->interval, m->allowed, m->asked, quorum(m))) {
        m->agreed = (uint8_t)agreeing(&m->interval, m->allowed, m->asked);
    }
}

static rootlet_status measure(blocking_roughtime *m)
{
    if (!draw_servers(m, m->bundle->time_server_count)) {
        return ROOTLET_ERR_MISUSE;
    }
    for (size_t i = 0; i < m->asked; i++) {
        m->allowed[i] = nothing;
    }
    ask_round(m, EVERYONE);
    conclude(m);
    if (m->answered < quorum(m)) {
        port_pause(PAUSE_MS);
        ask_round(m, WHO_WAS_SILENT);
        conclude(m);
    }
    if (m->options->evidence != NULL && !m->contradiction && m->agreed < m->answered) {
        ask_round(m, WHO_ANSWERED);
        conclude(m);
    }
    if (m->agreed > 0) {
        return ROOTLET_OK;
    }
    return m->answered < quorum(m) ? m->failure : ROOTLET_ERR_ROUGHTIME_INCONSISTENT;
}

rootlet_status blocking_roughtime_measure(blocking_roughtime *measurement, device_clock *clock,
                                          const rootlet_bundle *bundle,
                                          const roughtime_options *options)
{
    port_pause(device_clock_wait(clock, port_milliseconds()));
    measurement->response_length = measurement->sent = measurement->received = 0;
    measurement->bundle = bundle;
    measurement->options = options;
    measurement->contradiction = false;
    measurement->failure = ROOTLET_ERR_ROUGHTIME_DELAY;
    rootlet_status status = measure(measurement);
    if (status == ROOTLET_OK) {
        status = device_clock_set(clock, &measurement->interval, measurement->arrival);
    }
    if (status != ROOTLET_OK) {
        device_clock_failed(clock, port_milliseconds());
    }
    return status;
}
