/* What lwIP asks of a platform (its own name for this file). */
#ifndef PORT_ARCH_CC_H
#define PORT_ARCH_CC_H

#include <stdint.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1
#define X8_F "x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "u"
#define SSIZE_MAX INT32_MAX
typedef int ssize_t;

uint32_t board_random_word(void);
void board_fail(const char *text);

#define LWIP_RAND() board_random_word()
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(text) board_fail(text)

#endif
