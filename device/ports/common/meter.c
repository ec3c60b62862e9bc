/* See meter.h. */
#include "meter.h"

static void note_most(size_t *most, size_t deepest, size_t start)
{
    if (deepest > start && deepest - start > *most) {
        *most = deepest - start;
    }
}

void meter_note(meter *m)
{
    note_most(&m->stack, board_stack_deepest(), m->start);
}

void meter_start(meter *m, size_t in_use)
{
    *m = (meter){.start = in_use};
    board_stack_paint();
}

void meter_enter(meter *m, size_t in_use)
{
    meter_note(m);
    m->call = in_use;
    board_stack_paint();
    m->begin = board_ticks();
}

void meter_leave(meter *m)
{
    m->ticks += board_ticks() - m->begin;
    meter_note(m);
    note_most(&m->library_stack, board_stack_deepest(), m->call);
}
