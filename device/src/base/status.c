/*
 * The status list turned into code: which alert is sent for which status (RFC 9846
 * section 6.2).
 */
#include "rootlet/status.h"

uint8_t rootlet_status_alert(rootlet_status status)
{
    switch (status) {
#define ROOTLET_STATUS_CASE(name, number, alert, text)                                             \
    case ROOTLET_##name:                                                                           \
        return ROOTLET_ALERT_##alert;
        ROOTLET_STATUS_LIST(ROOTLET_STATUS_CASE)
#undef ROOTLET_STATUS_CASE
    }
    return ROOTLET_ALERT_INTERNAL_ERROR;
}
