/* See semihosting.h. Operations of the Semihosting for AArch32 and AArch64 specification. */
#include "semihosting.h"

#include "host.h"

#include <stdint.h>
#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
};
enum { OPEN_READ_BINARY = 1, OPEN_WRITE = 4, OPEN_WRITE_BINARY = 5 };
#define APPLICATION_EXIT 0x20026u

static uint32_t word(const void *pointer)
{
    return (uint32_t)(uintptr_t)pointer;
}

static uint32_t call(uint32_t operation, uint32_t *parameters)
{
    register uint32_t r0 __asm("r0") = operation;
    register uint32_t *r1 __asm("r1") = parameters;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static uint32_t open(const char *path, uint32_t mode)
{
    uint32_t parameters[3] = {word(path), mode, (uint32_t)strlen(path)};
    return call(SYS_OPEN, parameters);
}

int semihosting_arguments(char *words[SEMIHOSTING_WORDS])
{
    static char line[SEMIHOSTING_LINE_BYTES];
    uint32_t parameters[2] = {word(line), sizeof line};
    int count = 0;
    if (call(SYS_GET_CMDLINE, parameters) != 0) {
        return 0;
    }
    for (char *next = line; *next != '\0' && count < SEMIHOSTING_WORDS;) {
        words[count++] = next;
        while (*next != '\0' && *next != ' ') {
            next++;
        }
        if (*next == ' ') {
            *next++ = '\0';
        }
    }
    return count;
}

size_t host_read(const char *path, void *bytes, size_t room)
{
    uint32_t file = open(path, OPEN_READ_BINARY);
    if (file == UINT32_MAX) {
        return 0;
    }
    uint32_t read[3] = {file, word(bytes), (uint32_t)room};
    size_t missing = call(SYS_READ, read); /* bytes that were not read */
    uint32_t close[1] = {file};
    (void)call(SYS_CLOSE, close);
    return missing <= room ? room - missing : 0;
}

bool host_write(const char *path, const void *bytes, size_t length)
{
    uint32_t write[3] = {open(path, OPEN_WRITE_BINARY), word(bytes), (uint32_t)length};
    if (write[0] == UINT32_MAX) {
        return false;
    }
    const bool written = call(SYS_WRITE, write) == 0; /* bytes that were not written */
    uint32_t close[1] = {write[0]};
    return call(SYS_CLOSE, close) == 0 && written;
}

void host_print(const char *text, size_t length)
{
    uint32_t write[3] = {open(":tt", OPEN_WRITE), word(text), (uint32_t)length};
    (void)call(SYS_WRITE, write);
}

void semihosting_exit(int code)
{
    uint32_t parameters[2] = {APPLICATION_EXIT, (uint32_t)code};
    for (;;) {
        (void)call(SYS_EXIT_EXTENDED, parameters);
    }
}
