/*
 * What the demo's device costs, measured around it: the linker puts the functions __wrap_NAME here
 * in place of NAME, which stays callable as __real_NAME. So neither the device nor the pumps know
 * of it. Counted are the deepest stack of each phase, and stack and time of the library's calls
 * alone; behind the device's own line stands one of these.
 */
#include "blocking_roughtime.h"
#include "blocking_tls.h"
#include "board.h"
#include "print.h"

typedef struct meter {
    size_t start;         /* bytes of stack in use where the phase began */
    size_t stack;         /* most bytes below that, the port and lwIP included */
    size_t library_stack; /* most bytes below a call of the library */
    uint32_t ticks;       /* spent in the library, see board_ticks */
    size_t call;          /* bytes in use at the call that is measured */
    size_t own;           /* of these, what the meter itself takes */
    uint32_t begin;
} meter;

static meter measurement, handshake, connection, *running = &connection;
static size_t config_bytes, buffer_bytes[3];

static void note_most(size_t *most, size_t deepest, size_t start)
{
    if (deepest > start && deepest - start > *most) {
        *most = deepest - start;
    }
}

/* What the phase has used so far, without what the meter takes. */
static void note(size_t own)
{
    note_most(&running->stack, board_stack_deepest() - own, running->start);
}

static void start(meter *phase, size_t in_use)
{
    running = phase;
    *phase = (meter){.start = in_use};
    board_stack_paint();
}

/* Around each call of the library: with board_stack_now() of the function that calls, and the
 * address of its frame, which would be the library's. */
static void enter(size_t in_use, const void *frame)
{
    note(0);
    running->call = in_use;
    running->own = in_use - (size_t)((uintptr_t)__stack_top - (uintptr_t)frame);
    board_stack_paint();
    running->begin = board_ticks();
}

static void leave(void)
{
    running->ticks += board_ticks() - running->begin;
    note(running->own);
    note_most(&running->library_stack, board_stack_deepest(), running->call);
    board_stack_paint();
}

/* A function NAME of the library: its parameters, and the arguments that it is called with. */
#define DECLARED(type, name, parameters)                                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;
#define METERED(name, parameters, arguments)                                                       \
    DECLARED(rootlet_status, name, parameters)                                                     \
    rootlet_status __wrap_##name parameters                                                        \
    {                                                                                              \
        enter(board_stack_now(), __builtin_dwarf_cfa());                                           \
        rootlet_status status = __real_##name arguments;                                           \
        leave();                                                                                   \
        return status;                                                                             \
    }
#define METERED_VOID(name, parameters, arguments)                                                  \
    DECLARED(void, name, parameters)                                                               \
    void __wrap_##name parameters                                                                  \
    {                                                                                              \
        enter(board_stack_now(), __builtin_dwarf_cfa());                                           \
        __real_##name arguments;                                                                   \
        leave();                                                                                   \
    }

METERED(rootlet_tls_init,
        (rootlet_tls * tls, const rootlet_tls_config *config, const rootlet_tls_buffers *buffers),
        (tls, config, buffers))
METERED(rootlet_tls_send_done, (rootlet_tls * tls, size_t sent), (tls, sent))
METERED(rootlet_tls_recv_done, (rootlet_tls * tls, size_t received), (tls, received))
METERED(rootlet_tls_write_done, (rootlet_tls * tls, size_t written), (tls, written))
METERED_VOID(rootlet_roughtime_chain,
             (uint8_t *nonce, const uint8_t *response, size_t length, const uint8_t *random),
             (nonce, response, length, random))
METERED_VOID(rootlet_roughtime_request,
             (uint8_t *head, const uint8_t *nonce, const uint8_t *server_key),
             (head, nonce, server_key))
METERED(rootlet_roughtime_check,
        (rootlet_roughtime_sample * sample, const uint8_t *request, size_t length, size_t zeros,
         const uint8_t *response, size_t response_length, const uint8_t *server_key,
         unsigned options),
        (sample, request, length, zeros, response, response_length, server_key, options))

DECLARED(rootlet_status, blocking_roughtime_measure,
         (blocking_roughtime * measurement, device_clock *clock, const rootlet_bundle *bundle,
          const roughtime_options *options))
DECLARED(rootlet_status, blocking_tls_connect,
         (blocking_tls * tls, const char *address, rootlet_tls_config *config,
          const rootlet_tls_buffers *buffers, uint32_t timeout_ms))
DECLARED(void, blocking_tls_close, (blocking_tls * tls))
DECLARED(int, main, (int count, char **words))

rootlet_status __wrap_blocking_roughtime_measure(blocking_roughtime *exchange, device_clock *clock,
                                                 const rootlet_bundle *bundle,
                                                 const roughtime_options *options)
{
    start(&measurement, board_stack_now());
    rootlet_status status = __real_blocking_roughtime_measure(exchange, clock, bundle, options);
    note(0);
    return status;
}

rootlet_status __wrap_blocking_tls_connect(blocking_tls *tls, const char *address,
                                           rootlet_tls_config *config,
                                           const rootlet_tls_buffers *buffers, uint32_t timeout_ms)
{
    config_bytes = sizeof *config;
    buffer_bytes[0] = buffers->in_length;
    buffer_bytes[1] = buffers->out_length;
    buffer_bytes[2] = buffers->handshake_length;
    start(&connection, board_stack_now());
    rootlet_status status = __real_blocking_tls_connect(tls, address, config, buffers, timeout_ms);
    note(0);
    handshake = connection;
    return status;
}

void __wrap_blocking_tls_close(blocking_tls *tls)
{
    __real_blocking_tls_close(tls);
    note(0);
}

static void print_phase(print_line *line, const char *name, const meter *spent)
{
    print_text(line, "}, \"");
    print_text(line, name);
    print_text(line, "\": {\"stack\": ");
    print_number(line, spent->stack);
    print_field(line, "library_stack", spent->library_stack);
    print_field(line, "ticks", spent->ticks);
}

int __wrap_main(int count, char **words)
{
    static print_line text, *line = &text;
    static const blocking_roughtime *const clock;
    int code = __real_main(count, words);
    print_text(line, "{\"memory\": {\"tls\": ");
    print_number(line, sizeof(rootlet_tls));
    print_field(line, "config", config_bytes);
    print_field(line, "in", buffer_bytes[0]);
    print_field(line, "out", buffer_bytes[1]);
    print_field(line, "handshake", buffer_bytes[2]);
    print_field(line, "roughtime_head", sizeof clock->head);
    print_field(line, "roughtime_response", sizeof clock->response);
    print_field(line, "roughtime_sample", sizeof clock->sample);
    print_field(line, "roughtime_in_all", sizeof *clock);
    print_phase(line, "measurement", &measurement);
    print_phase(line, "handshake", &handshake);
    print_phase(line, "connection", &connection);
    print_text(line, "}}");
    print_end(line);
    return code;
}
