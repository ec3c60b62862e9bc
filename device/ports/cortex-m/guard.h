/* What the program must never do to memory, and what happens when it does. */
#ifndef PORT_GUARD_H
#define PORT_GUARD_H

/* Sets up the memory protection unit and the trap for unaligned accesses. Once, first. */
void guard_start(void);

/* Handler of every exception: prints a line of JSON, and ends with one of BOARD_EXIT_MEMORY,
 * BOARD_EXIT_UNALIGNED and BOARD_EXIT_FAULT. */
void guard_fault(void);

#endif
