/*
 * The Ethernet controller of the Stellaris LM3S6965, polled. Register names are those of its data
 * sheet (Texas Instruments SPMS139), chapters Ethernet Controller and System Control.
 */
#include "board.h"
#include "ethernet.h"

#include <string.h>

#define DC4 BOARD_REGISTER(0x400fe01cu)
#define RCGC2 BOARD_REGISTER(0x400fe108u)
#define EPHY0_AND_EMAC0 (1u << 30 | 1u << 28) /* in both */

#define BASE 0x40048000u
#define MACRCTL BOARD_REGISTER(BASE + 0x08)
#define MACTCTL BOARD_REGISTER(BASE + 0x0c)
#define MACDATA BOARD_REGISTER(BASE + 0x10)
#define MACIA0 BOARD_REGISTER(BASE + 0x14)
#define MACIA1 BOARD_REGISTER(BASE + 0x18)
#define MACNP BOARD_REGISTER(BASE + 0x34)
#define MACTR BOARD_REGISTER(BASE + 0x38)

#define RCTL_RUN (1u << 3 | 1u << 0) /* refuse a bad CRC, receive */
#define RCTL_RSTFIFO (1u << 4)
#define TCTL_RUN (1u << 4 | 1u << 2 | 1u << 1 | 1u << 0) /* full duplex, CRC, padding, transmit */
#define MACNP_NPR 0x3fu                                  /* frames that wait */
#define MACTR_NEWTX 1u

/*
 * The receive FIFO holds 2 KiB: of two full frames that arrive while the processor computes, the
 * controller drops the second, and its sender repeats it. (QEMU keeps up to 31 frames.)
 *
 * In both FIFOs a frame stands behind two bytes of length (section "MAC Layer FIFOs"): of the
 * payload alone when it is sent; of everything, itself and the CRC included, when it is received.
 */
#define LENGTH_BYTES 2u
#define HEADER_BYTES 14u
#define CRC_BYTES 4u
#define FRAME_BYTES 1514u
#define FIFO_BYTES (LENGTH_BYTES + FRAME_BYTES + CRC_BYTES)

static uint32_t fifo[(FIFO_BYTES + 3) / 4];

static err_t send(struct netif *interface, struct pbuf *packet)
{
    (void)interface;
    uint32_t length = pbuf_copy_partial(packet, (uint8_t *)fifo + LENGTH_BYTES, FRAME_BYTES, 0);
    uint16_t payload = (uint16_t)(length - HEADER_BYTES);
    memcpy(fifo, &payload, sizeof payload);
    while (MACTR & MACTR_NEWTX) { /* the frame before is still on its way out */
    }
    for (uint32_t i = 0; i < (LENGTH_BYTES + length + 3) / 4; i++) {
        MACDATA = fifo[i];
    }
    MACTR = MACTR_NEWTX;
    return ERR_OK;
}

static void receive(struct netif *interface)
{
    fifo[0] = MACDATA;
    uint32_t length = fifo[0] & UINT16_MAX;
    if (length <= LENGTH_BYTES + CRC_BYTES || length > FIFO_BYTES) {
        MACRCTL = RCTL_RUN | RCTL_RSTFIFO; /* where the next frame begins is not known any more */
        return;
    }
    for (uint32_t i = 1; i < (length + 3) / 4; i++) {
        fifo[i] = MACDATA;
    }
    ethernet_deliver(interface, (uint8_t *)fifo + LENGTH_BYTES, length - LENGTH_BYTES - CRC_BYTES);
}

bool ethernet_poll(struct netif *interface)
{
    bool any = false;
    while ((MACNP & MACNP_NPR) > 0) {
        receive(interface);
        any = true;
    }
    return any;
}

err_t ethernet_start(struct netif *interface)
{
    if ((DC4 & EPHY0_AND_EMAC0) != EPHY0_AND_EMAC0) {
        return ERR_IF;
    }
    RCGC2 |= EPHY0_AND_EMAC0;
    (void)RCGC2; /* the module must not be touched in the first cycles of its clock */
    MACIA0 = ETHERNET_ADDRESS_LOW;
    MACIA1 = ETHERNET_ADDRESS_HIGH;
    MACRCTL = RCTL_RSTFIFO;
    MACTCTL = TCTL_RUN;
    MACRCTL = RCTL_RUN;
    ethernet_describe(interface, send);
    return ERR_OK;
}
