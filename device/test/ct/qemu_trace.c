/*
 * A plugin for QEMU (its TCG plugin interface, version 1) that says what a program's time could
 * tell of its data: between the functions whose addresses are given as begin= and end= it hashes
 * the address of every instruction executed and of every access to memory, and counts the long
 * multiplications, whose time depends on their operands on a Cortex-M3; but for those from public=
 * to public_end=, a function that no secret gets into. One line on standard error for each time the
 * end is reached:
 *
 *     trace INSTRUCTIONS ADDRESSES-HASH ACCESSES-HASH LONG-MULTIPLICATIONS
 *
 * Built by tools/secret_trace.py with the host's compiler. Declared here is what is used of the
 * interface; Debian's QEMU has no header for it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint32_t memory_info;
typedef void instruction_callback(unsigned cpu, void *data);
typedef void memory_callback(unsigned cpu, memory_info info, uint64_t address, void *data);
typedef void block_callback(plugin_id id, struct qemu_plugin_tb *block);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, block_callback *callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            instruction_callback *callback, int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_callback *callback,
                                      int flags, int accesses, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
bool qemu_plugin_mem_is_store(memory_info info);
unsigned qemu_plugin_mem_size_shift(memory_info info);

EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments);

int qemu_plugin_version = 1;

#define NO_REGISTERS 0
#define READS_AND_WRITES 3
/* FNV-1a, by whole numbers instead of bytes. */
#define HASH_START 0xcbf29ce484222325u
#define HASH_FACTOR 0x100000001b3u

static uint64_t begin, end, public, public_end;
static bool on;
static uint64_t instructions, addresses, accesses, long_multiplications;

static void add(uint64_t *hash, uint64_t value)
{
    *hash = (*hash ^ value) * HASH_FACTOR;
}

static void begin_trace(unsigned cpu, void *data)
{
    (void)cpu;
    (void)data;
    on = true;
    instructions = long_multiplications = 0;
    addresses = accesses = HASH_START;
}

static void end_trace(unsigned cpu, void *data)
{
    (void)cpu;
    (void)data;
    on = false;
    fprintf(stderr, "trace %" PRIu64 " %016" PRIx64 " %016" PRIx64 " %" PRIu64 "\n", instructions,
            addresses, accesses, long_multiplications);
}

static void execute(unsigned cpu, void *address)
{
    (void)cpu;
    if (on) {
        instructions++;
        add(&addresses, (uintptr_t)address);
    }
}

static void multiply_long(unsigned cpu, void *data)
{
    (void)cpu;
    (void)data;
    long_multiplications += on;
}

static void access_memory(unsigned cpu, memory_info info, uint64_t address, void *data)
{
    (void)cpu;
    (void)data;
    if (on) {
        add(&accesses, address);
        add(&accesses, qemu_plugin_mem_size_shift(info) * 2u + qemu_plugin_mem_is_store(info));
    }
}

/* SMULL, UMULL, SMLAL, UMLAL, UMAAL and their kin: 1111 1011 1xx0 in front, Armv7-M Architecture
 * Reference Manual section A5.3.17; the divisions among them are of odd xx1. */
static bool is_long_multiplication(const struct qemu_plugin_insn *insn)
{
    uint16_t first = 0;
    if (qemu_plugin_insn_size(insn) != 4) {
        return false;
    }
    memcpy(&first, qemu_plugin_insn_data(insn), sizeof first);
    return (first & 0xff90u) == 0xfb80u;
}

static void translate(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address == end) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, end_trace, NO_REGISTERS, NULL);
        }
        if (address == begin) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_trace, NO_REGISTERS, NULL);
        }
        qemu_plugin_register_vcpu_insn_exec_cb(insn, execute, NO_REGISTERS,
                                               (void *)(uintptr_t)address);
        bool is_public = address >= public && address < public_end;
        if (is_long_multiplication(insn) && !is_public) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, multiply_long, NO_REGISTERS, NULL);
        }
        qemu_plugin_register_vcpu_mem_cb(insn, access_memory, NO_REGISTERS, READS_AND_WRITES, NULL);
    }
}

int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "begin=", 6) == 0) {
            begin = strtoull(arguments[i] + 6, NULL, 0);
        } else if (strncmp(arguments[i], "end=", 4) == 0) {
            end = strtoull(arguments[i] + 4, NULL, 0);
        } else if (strncmp(arguments[i], "public=", 7) == 0) {
            public = strtoull(arguments[i] + 7, NULL, 0);
        } else if (strncmp(arguments[i], "public_end=", 11) == 0) {
            public_end = strtoull(arguments[i] + 11, NULL, 0);
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return begin == 0 || end == 0 || public == 0 || public_end == 0;
}
