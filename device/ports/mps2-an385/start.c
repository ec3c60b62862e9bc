/* From reset to main, and the painted stack. */
#include "board.h"
#include "host.h"

#define PAINT 0xa5a5a5a5u
#define PAINT_MARGIN_WORDS 16 /* the painter's own frame */
#define CCR BOARD_REGISTER(0xe000ed14u)
#define CCR_UNALIGN_TRP (1u << 3)

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(void);
void board_reset(void);

void board_stack_paint(void)
{
    uint32_t *end = (uint32_t *)__builtin_frame_address(0) - PAINT_MARGIN_WORDS;
    for (uint32_t *word = __stack_base; word < end; word++) {
        *word = PAINT;
    }
}

size_t board_stack_deepest(void)
{
    const uint32_t *word = __stack_base;
    while (word < __stack_top && *word == PAINT) {
        word++;
    }
    return (size_t)((uintptr_t)__stack_top - (uintptr_t)word);
}

void board_reset(void)
{
    const uint32_t *from = __data_load;
    for (uint32_t *to = __data_start; to < __data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = __bss_start; to < __bss_end; to++) {
        *to = 0;
    }
#if defined(__ARM_ARCH_6M__)
    /* A Cortex-M0+ faults on every unaligned access; so does its code on a Cortex-M3 now. */
    CCR |= CCR_UNALIGN_TRP;
#endif
    board_stack_paint();
    board_start();
    host_exit(main());
}

void board_fail(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    host_print(text, length);
    host_print("\n", 1);
    host_exit(BOARD_EXIT_FAILED);
}

static void fault(void)
{
    host_exit(BOARD_EXIT_FAULT);
}

typedef void (*handler)(void);
typedef struct vectors {
    uint32_t *stack;
    handler handlers[15];
} vectors;

/* Interrupts stay masked (see board_sleep), so only faults have handlers. */
__attribute__((section(".vectors"), used)) static const vectors table = {
    __stack_top,
    {board_reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
     fault, fault, fault}};
