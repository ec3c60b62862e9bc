/*
 * See port.h: TCP and UDP over lwIP, polled. Addresses are "127.0.0.1:PORT" and mean the emulator's
 * host: its user network shows the host's loopback as 10.0.2.2.
 */
#include "port.h"

#include "board.h"
#include "ethernet.h"

#include "lwip/init.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include <string.h>

#define LOOPBACK "127.0.0.1:"

static struct netif interface;

u32_t sys_now(void)
{
    return port_milliseconds();
}

/* With the first connection or datagram. */
static void start_once(void)
{
    static bool started;
    ip4_addr_t own, mask, host;
    if (started) {
        return;
    }
    started = true;
    IP4_ADDR(&own, 10, 0, 2, 15);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&host, 10, 0, 2, 2);
    lwip_init();
    if (netif_add(&interface, &own, &mask, &host, NULL, ethernet_start, ethernet_input) == NULL) {
        board_fail("no network interface");
    }
    netif_set_default(&interface);
    netif_set_up(&interface);
}

static void wait(void)
{
    if (!ethernet_poll(&interface)) {
        board_sleep();
    }
    sys_check_timeouts();
}

static bool in_time(uint32_t start, uint32_t timeout_ms)
{
    return port_milliseconds() - start < timeout_ms;
}

static bool resolve(const char *text, ip_addr_t *address, u16_t *port)
{
    const size_t prefix = sizeof LOOPBACK - 1;
    uint32_t number = 0;
    if (strncmp(text, LOOPBACK, prefix) != 0) {
        return false;
    }
    for (text += prefix; *text >= '0' && *text <= '9' && number <= UINT16_MAX; text++) {
        number = number * 10 + (uint32_t)(*text - '0');
    }
    IP4_ADDR(address, 10, 0, 2, 2);
    *port = (u16_t)number;
    return *text == '\0' && number > 0 && number <= UINT16_MAX;
}

static err_t on_connected(void *context, struct tcp_pcb *pcb, err_t error)
{
    (void)pcb;
    ((port_tcp *)context)->connected = error == ERR_OK;
    return ERR_OK;
}

static err_t on_received(void *context, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    port_tcp *tcp = context;
    (void)pcb;
    (void)error;
    if (data == NULL) {
        tcp->ended = true;
    } else if (tcp->queue == NULL) {
        tcp->queue = data;
    } else {
        pbuf_cat(tcp->queue, data);
    }
    return ERR_OK;
}

static void on_error(void *context, err_t error)
{
    port_tcp *tcp = context;
    (void)error;
    tcp->pcb = NULL; /* lwIP has freed it */
    tcp->ended = true;
}

bool port_tcp_connect(port_tcp *tcp, const char *text, uint32_t timeout_ms)
{
    ip_addr_t address;
    u16_t port;
    uint32_t start = port_milliseconds();
    *tcp = (port_tcp){0};
    start_once();
    if (!resolve(text, &address, &port) || (tcp->pcb = tcp_new()) == NULL) {
        return false;
    }
    tcp_arg(tcp->pcb, tcp);
    tcp_recv(tcp->pcb, on_received);
    tcp_err(tcp->pcb, on_error);
    tcp_nagle_disable(tcp->pcb);
    if (tcp_connect(tcp->pcb, &address, port, on_connected) == ERR_OK) {
        while (!tcp->connected && !tcp->ended && in_time(start, timeout_ms)) {
            wait();
        }
    }
    if (!tcp->connected) {
        port_tcp_close(tcp);
    }
    return tcp->connected;
}

size_t port_tcp_send(port_tcp *tcp, const uint8_t *bytes, size_t length, uint32_t timeout_ms)
{
    uint32_t start = port_milliseconds();
    while (tcp->pcb != NULL && in_time(start, timeout_ms)) {
        size_t room = tcp_sndbuf(tcp->pcb);
        size_t part = length < room ? length : room;
        if (part > 0 && tcp_write(tcp->pcb, bytes, (u16_t)part, TCP_WRITE_FLAG_COPY) == ERR_OK) {
            (void)tcp_output(tcp->pcb);
            return part;
        }
        wait();
    }
    return 0;
}

size_t port_tcp_receive(port_tcp *tcp, uint8_t *bytes, size_t room, uint32_t timeout_ms)
{
    uint32_t start = port_milliseconds();
    while (tcp->queue == NULL && !tcp->ended && in_time(start, timeout_ms)) {
        wait();
    }
    if (tcp->queue == NULL) {
        return 0;
    }
    u16_t most = room < UINT16_MAX ? (u16_t)room : UINT16_MAX;
    u16_t part = pbuf_copy_partial(tcp->queue, bytes, most, 0);
    tcp->queue = pbuf_free_header(tcp->queue, part);
    if (tcp->pcb != NULL) {
        tcp_recved(tcp->pcb, part);
    }
    return part;
}

void port_tcp_close(port_tcp *tcp)
{
    if (tcp->queue != NULL) {
        (void)pbuf_free(tcp->queue);
        tcp->queue = NULL;
    }
    if (tcp->pcb != NULL) {
        tcp_arg(tcp->pcb, NULL);
        tcp_recv(tcp->pcb, NULL);
        tcp_err(tcp->pcb, NULL);
        if (tcp_close(tcp->pcb) != ERR_OK) {
            tcp_abort(tcp->pcb);
        }
        tcp->pcb = NULL;
    }
}

static void on_packet(void *context, struct udp_pcb *pcb, struct pbuf *data,
                      const ip_addr_t *address, u16_t port)
{
    port_udp *udp = context;
    (void)pcb;
    (void)address;
    (void)port;
    if (udp->packet == NULL) {
        udp->packet = data;
    } else {
        (void)pbuf_free(data);
    }
}

bool port_udp_open(port_udp *udp, const char *text)
{
    ip_addr_t address;
    u16_t port;
    *udp = (port_udp){0};
    start_once();
    if (!resolve(text, &address, &port) || (udp->pcb = udp_new()) == NULL) {
        return false;
    }
    udp_recv(udp->pcb, on_packet, udp);
    if (udp_connect(udp->pcb, &address, port) != ERR_OK) {
        port_udp_close(udp);
        return false;
    }
    return true;
}

bool port_udp_send(port_udp *udp, const uint8_t *head, uint16_t length, const uint8_t *zeros,
                   uint16_t zeros_length)
{
    struct pbuf *packet = pbuf_alloc(PBUF_TRANSPORT, length, PBUF_RAM);
    struct pbuf *padding = pbuf_alloc_reference((void *)(uintptr_t)zeros, zeros_length, PBUF_ROM);
    bool sent = false;
    if (packet != NULL && padding != NULL) {
        (void)pbuf_take(packet, head, length);
        pbuf_chain(packet, padding);
        sent = udp_send(udp->pcb, packet) == ERR_OK;
    }
    if (padding != NULL) {
        (void)pbuf_free(padding);
    }
    if (packet != NULL) {
        (void)pbuf_free(packet);
    }
    return sent;
}

size_t port_udp_receive(port_udp *udp, uint8_t *bytes, size_t room, uint32_t timeout_ms)
{
    uint32_t start = port_milliseconds();
    while (udp->packet == NULL && in_time(start, timeout_ms)) {
        wait();
    }
    if (udp->packet == NULL) {
        return 0;
    }
    size_t length = pbuf_copy_partial(udp->packet, bytes, (u16_t)room, 0);
    (void)pbuf_free(udp->packet);
    udp->packet = NULL;
    return length;
}

void port_udp_close(port_udp *udp)
{
    if (udp->packet != NULL) {
        (void)pbuf_free(udp->packet);
    }
    udp_remove(udp->pcb);
    *udp = (port_udp){0};
}
