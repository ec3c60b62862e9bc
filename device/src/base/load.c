/* See load.h. */
#include "load.h"

#if defined(rootlet_load_le32)
typedef int rootlet_load_is_inline; /* ISO C wants a declaration */
#else

uint32_t rootlet_load_le32(const uint8_t *bytes)
{
    return rootlet_word_load(bytes);
}

#endif
