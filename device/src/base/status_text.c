/*
 * Names and sentences of the status list, in a file of their own: a program that
 * never prints a status does not carry them.
 */
#include "rootlet/status.h"

const char *rootlet_status_name(rootlet_status status)
{
    switch (status) {
#define ROOTLET_STATUS_CASE(name, number, alert, text)                                             \
    case ROOTLET_##name:                                                                           \
        return #name;
        ROOTLET_STATUS_LIST(ROOTLET_STATUS_CASE)
#undef ROOTLET_STATUS_CASE
    }
    return "UNKNOWN";
}

const char *rootlet_status_text(rootlet_status status)
{
    switch (status) {
#define ROOTLET_STATUS_CASE(name, number, alert, text)                                             \
    case ROOTLET_##name:                                                                           \
        return text;
        ROOTLET_STATUS_LIST(ROOTLET_STATUS_CASE)
#undef ROOTLET_STATUS_CASE
    }
    return "unknown status";
}
