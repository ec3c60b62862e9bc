/*
 * What the demo's device has beside its board: a standard output, and files. They stand for what a
 * product reports home, and for what it has in flash.
 */
#ifndef PORT_HOST_H
#define PORT_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* Reads up to room bytes of a file; 0 when it cannot be opened. */
size_t host_read(const char *path, void *bytes, size_t room);

/* Makes or replaces a file; false when it cannot be written. */
bool host_write(const char *path, const void *bytes, size_t length);

/* Writes to the standard output. */
void host_print(const char *text, size_t length);

#endif
