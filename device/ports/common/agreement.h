/*
 * What most of several servers agree on. How times are joined RFC 10049 leaves to the client
 * (section 8.2); this is the rule of K. Marzullo and S. Owicki, "Maintaining the time in a
 * distributed system" (1983), as NTP has it, too (RFC 5905 section 11.2.1).
 */
#ifndef PORT_AGREEMENT_H
#define PORT_AGREEMENT_H

#include "rootlet/x509.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Every moment that at least quorum of count intervals allow, from the first to the last: the true
 * time is among them as long as count - quorum servers at most are wrong. false when there is
 * none; *agreed is then unchanged. An interval that ends before it begins allows nothing, which is
 * how a server without an answer is written. quorum is not 0.
 */
bool agreement(rootlet_time *agreed, const rootlet_time *intervals, size_t count, size_t quorum);

/* How many of the intervals have a moment in common with this one. */
size_t agreeing(const rootlet_time *with, const rootlet_time *intervals, size_t count);

#endif
