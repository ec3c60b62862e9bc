/* See agreement.h. A handful of servers: every bound is tried against every interval. */
#include "agreement.h"

static size_t allowing(uint64_t moment, const rootlet_time *intervals, size_t count)
{
    const rootlet_time just_then = {moment, moment};
    return agreeing(&just_then, intervals, count);
}

size_t agreeing(const rootlet_time *with, const rootlet_time *intervals, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (intervals[i].earliest <= intervals[i].latest && intervals[i].earliest <= with->latest &&
            with->earliest <= intervals[i].latest) {
            found++;
        }
    }
    return found;
}

bool agreement(rootlet_time *agreed, const rootlet_time *intervals, size_t count, size_t quorum)
{
    rootlet_time found = {UINT64_MAX, 0};
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (allowing(intervals[i].earliest, intervals, count) >= quorum) {
            any = true;
            if (intervals[i].earliest < found.earliest) {
                found.earliest = intervals[i].earliest;
            }
        }
        if (allowing(intervals[i].latest, intervals, count) >= quorum &&
            intervals[i].latest > found.latest) {
            found.latest = intervals[i].latest;
        }
    }
    if (any) {
        *agreed = found;
    }
    return any;
}
