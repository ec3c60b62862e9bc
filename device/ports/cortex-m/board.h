/* The board beside what port.h asks of it: its clock, its stack, and what happens when something
 * goes wrong. */
#ifndef PORT_BOARD_H
#define PORT_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes. */
#define BOARD_EXIT_MEMORY 96    /* an access that the memory protection refuses */
#define BOARD_EXIT_UNALIGNED 97 /* an unaligned access, on a core that has none */
#define BOARD_EXIT_FAULT 99     /* any other fault of the processor */
#define BOARD_EXIT_FAILED 98    /* after board_fail */

#define BOARD_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

void board_start(void);

/* Of each board: a processor at 25 MHz, and the counter behind board_ticks. For board_start. */
void board_clock_start(void);

/* Ticks of 40 ns, wrapping. Under qemu's -icount shift=6 five instructions take eight of them. */
uint32_t board_ticks(void);

/* Sleeps until something may have happened: for a millisecond at most. */
void board_sleep(void);

/* For lwIP; ends the program when there is no randomness. */
uint32_t board_random_word(void);

/* Prints the text and ends the program. */
void board_fail(const char *text);

/* Ends of the stack, from the linker script. */
extern uint32_t __stack_base[], __stack_top[];

/* Bytes of stack in use in the function that calls this. */
static inline size_t board_stack_now(void)
{
    uintptr_t pointer;
    __asm volatile("mov %0, sp" : "=r"(pointer));
    return (size_t)((uintptr_t)__stack_top - pointer);
}

/* Paints the unused stack. */
void board_stack_paint(void);
/* Bytes of stack in use at the deepest point since it was painted. */
size_t board_stack_deepest(void);

#endif
