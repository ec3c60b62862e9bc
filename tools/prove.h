/*
 * Only for proofs: included in front of each source by tools/prove.py, never built.
 *
 * Frama-C's WP keeps memory by type, so it cannot follow rootlet_wipe through its untyped pointer.
 * Here each call becomes that of a function for what is wiped, bytes or what tools/prove.py says;
 * the contracts tell what rootlet_wipe does to such an object. They are assumed: zero bytes are
 * zero numbers and null pointers on every core this library is for.
 */
#ifndef ROOTLET_TOOLS_PROVE_H
#define ROOTLET_TOOLS_PROVE_H

#include "base/bytes.h"
#include "base/reader.h"
#include "rootlet/tls.h"
#include "tls/extensions.h"

/*@ requires \valid(bytes + (0 .. length - 1));
    assigns bytes[0 .. length - 1];
    ensures \forall integer i; 0 <= i < length ==> bytes[i] == 0; */
void prove_wipe_bytes(uint8_t *bytes, size_t length);

/*@ requires length % sizeof(rootlet_reader) == 0;
    requires \valid(readers + (0 .. length / sizeof(rootlet_reader) - 1));
    assigns readers[0 .. length / sizeof(rootlet_reader) - 1];
    ensures \forall integer i; 0 <= i < length / sizeof(rootlet_reader) ==>
        readers[i].next == \null && readers[i].left == 0; */
void prove_wipe_readers(rootlet_reader *readers, size_t length);

/*@ requires length == sizeof(rootlet_tls_direction) && \valid(direction);
    assigns *direction; */
void prove_wipe_direction(rootlet_tls_direction *direction, size_t length);

#ifndef PROVE_WIPE
#define PROVE_WIPE prove_wipe_bytes
#endif
#define rootlet_wipe PROVE_WIPE

#endif
