/* What a phase costs: the deepest stack, and stack and time of the library's calls alone. */
#ifndef PORT_METER_H
#define PORT_METER_H

#include "board.h"

typedef struct meter {
    size_t start;         /* bytes of stack in use where the phase began */
    size_t stack;         /* most bytes below that, the port and lwIP included */
    size_t library_stack; /* most bytes below a call of the library */
    uint32_t ticks;       /* spent in the library, see board_ticks */
    size_t call;          /* bytes in use at the call that is measured */
    uint32_t begin;
} meter;

/* in_use is board_stack_now() of the function that measures. */
void meter_start(meter *m, size_t in_use);
/* Around each call of the library. */
void meter_enter(meter *m, size_t in_use);
void meter_leave(meter *m);
/* Notes what the phase has used so far. */
void meter_note(meter *m);

#endif
