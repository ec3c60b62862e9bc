/*
 * What the size report links: everything a device calls (TLS, certificate chains, Roughtime), so
 * that the linker keeps that and the cryptography it uses. Left out are the texts of
 * rootlet_status_name and rootlet_status_text, which a device does not need. A test compares this
 * list with the headers.
 */
#include "rootlet/bundle.h"
#include "rootlet/rootlet.h"

typedef void (*entry)(void);

extern const entry rootlet_everything[];
extern const rootlet_bundle *const rootlet_everything_trusted;

/* What the device is bundled with: one root, and three time servers where there is Roughtime. */
const rootlet_bundle *const rootlet_everything_trusted = &rootlet_trust;

const entry rootlet_everything[] = {
    (entry)rootlet_status_alert,
    /* x509.h */
    (entry)rootlet_x509_check,
#if !defined(WITHOUT_ROUGHTIME)
    /* roughtime.h */
    (entry)rootlet_roughtime_request,
    (entry)rootlet_roughtime_check,
    (entry)rootlet_roughtime_chain,
    (entry)rootlet_roughtime_join,
#endif
    /* tls.h */
    (entry)rootlet_tls_init,
    (entry)rootlet_tls_wants,
    (entry)rootlet_tls_send_window,
    (entry)rootlet_tls_send_done,
    (entry)rootlet_tls_recv_window,
    (entry)rootlet_tls_recv_done,
    (entry)rootlet_tls_recv_end,
    (entry)rootlet_tls_read_window,
    (entry)rootlet_tls_read_done,
    (entry)rootlet_tls_write_window,
    (entry)rootlet_tls_write_done,
    (entry)rootlet_tls_update_keys,
    (entry)rootlet_tls_close,
    (entry)rootlet_tls_status,
    (entry)rootlet_tls_alert_received,
    (entry)rootlet_tls_connected,
    (entry)rootlet_tls_wipe,
};
