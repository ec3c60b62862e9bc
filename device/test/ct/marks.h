/* What the programs of this folder mark: secrets are undefined memory to valgrind. */
#ifndef ROOTLET_TEST_MARKS_H
#define ROOTLET_TEST_MARKS_H

#include <stddef.h>
#include <valgrind/memcheck.h>

static inline void secret(const void *bytes, size_t length)
{
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, length);
}

static inline void known(const void *bytes, size_t length)
{
    VALGRIND_MAKE_MEM_DEFINED(bytes, length);
}

#endif
