/* From reset to main, and the painted stack. */
#include "board.h"
#include "guard.h"
#include "host.h"
#include "semihosting.h"

#define PAINT 0xa5a5a5a5u
#define PAINT_MARGIN_WORDS 16 /* the painter's own frame */

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

/* Programs that take no arguments leave them where they are: in registers. */
int main(int count, char **words);
void board_reset(void);

static size_t words_between(const uint32_t *begin, const uint32_t *end)
{
    return ((uintptr_t)end - (uintptr_t)begin) / sizeof(uint32_t);
}

void board_stack_paint(void)
{
    size_t words = words_between(__stack_base, __builtin_frame_address(0)) - PAINT_MARGIN_WORDS;
    for (size_t i = 0; i < words; i++) {
        __stack_base[i] = PAINT;
    }
}

size_t board_stack_deepest(void)
{
    size_t words = words_between(__stack_base, __stack_top), free = 0;
    while (free < words && __stack_base[free] == PAINT) {
        free++;
    }
    return (words - free) * sizeof(uint32_t);
}

void board_reset(void)
{
    size_t words = words_between(__data_start, __data_end);
    for (size_t i = 0; i < words; i++) {
        __data_start[i] = __data_load[i];
    }
    words = words_between(__bss_start, __bss_end);
    for (size_t i = 0; i < words; i++) {
        __bss_start[i] = 0;
    }
    guard_start();
    board_stack_paint();
    board_start();
    static char *arguments[SEMIHOSTING_WORDS];
    int count = semihosting_arguments(arguments);
    semihosting_exit(main(count, arguments));
}

void board_fail(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    host_print(text, length);
    host_print("\n", 1);
    semihosting_exit(BOARD_EXIT_FAILED);
}

typedef void (*handler)(void);
typedef struct vectors {
    uint32_t *stack;
    handler handlers[15];
} vectors;

/* Interrupts stay masked (see board_sleep), so only faults have handlers. */
__attribute__((section(".vectors"), used)) static const vectors table = {
    __stack_top,
    {board_reset, guard_fault, guard_fault, guard_fault, guard_fault, guard_fault, guard_fault,
     guard_fault, guard_fault, guard_fault, guard_fault, guard_fault, guard_fault, guard_fault,
     guard_fault}};
