/*
 * Semihosting: what the emulator (or a debugger) does for the program. Arguments, certificate and
 * key stand for what a product has in flash, /dev/urandom for its random number generator.
 */
#ifndef PORT_HOST_H
#define PORT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The words the emulator was given, separated by single spaces; empty when there are none. */
void host_arguments(char *line, size_t room);

/* Reads up to room bytes of a file of the host; 0 when it cannot be opened. */
size_t host_read(const char *path, void *bytes, size_t room);

/* Writes to the emulator's standard output. */
void host_print(const char *text, size_t length);

/* Ends the program; the emulator exits with this code. */
_Noreturn void host_exit(int code);

#endif
