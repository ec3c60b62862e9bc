/*
 * What the emulator (or a debugger) does for the program, beside host.h. Its /dev/urandom stands
 * for the random number generator of a product.
 */
#ifndef PORT_SEMIHOSTING_H
#define PORT_SEMIHOSTING_H

#define SEMIHOSTING_WORDS 24
#define SEMIHOSTING_LINE_BYTES 1024

/* The words the emulator was given, the program's name first; gives their number. */
int semihosting_arguments(char *words[SEMIHOSTING_WORDS]);

/* Ends the program; the emulator exits with this code. */
_Noreturn void semihosting_exit(int code);

#endif
