/* The part of <stdlib.h> that lwIP calls. */
#ifndef PORT_STDLIB_H
#define PORT_STDLIB_H

#include <stddef.h>

int atoi(const char *text);

#endif
