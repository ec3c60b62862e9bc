/* The SMSC LAN9118, polled. Register names are the data sheet's. */
#include "board.h"
#include "ethernet.h"

#define BASE 0x40200000u
#define RX_DATA_FIFO BOARD_REGISTER(BASE + 0x00)
#define TX_DATA_FIFO BOARD_REGISTER(BASE + 0x20)
#define RX_STATUS_FIFO BOARD_REGISTER(BASE + 0x40)
#define TX_STATUS_FIFO BOARD_REGISTER(BASE + 0x48)
#define BYTE_TEST BOARD_REGISTER(BASE + 0x64)
#define RX_CFG BOARD_REGISTER(BASE + 0x6c)
#define TX_CFG BOARD_REGISTER(BASE + 0x70)
#define HW_CFG BOARD_REGISTER(BASE + 0x74)
#define RX_FIFO_INF BOARD_REGISTER(BASE + 0x7c)
#define TX_FIFO_INF BOARD_REGISTER(BASE + 0x80)
#define MAC_CSR_CMD BOARD_REGISTER(BASE + 0xa4)
#define MAC_CSR_DATA BOARD_REGISTER(BASE + 0xa8)

#define BYTE_TEST_VALUE 0x87654321u
#define TX_CFG_ON 2u
#define HW_CFG_TX_FIFO_5K 0x00050000u
#define CSR_BUSY (1u << 31)
enum { MAC_CR = 1, MAC_ADDRH = 2, MAC_ADDRL = 3 };
#define MAC_CR_RUN ((1u << 20) | (1u << 3) | (1u << 2)) /* full duplex, transmit, receive */
#define TX_A_FIRST_AND_LAST ((1u << 13) | (1u << 12))
#define RX_ERROR (1u << 15)
#define TX_SPARE_BYTES 16 /* command words and alignment */
#define CRC_BYTES 4
#define FRAME_BYTES 1520

static uint32_t frame[FRAME_BYTES / 4];

static void mac_write(uint32_t index, uint32_t value)
{
    MAC_CSR_DATA = value;
    MAC_CSR_CMD = CSR_BUSY | index;
    while (MAC_CSR_CMD & CSR_BUSY) {
    }
}

static uint32_t fifo_entries(uint32_t information)
{
    return (information >> 16) & 0xff;
}

static err_t send(struct netif *interface, struct pbuf *packet)
{
    (void)interface;
    uint32_t length = pbuf_copy_partial(packet, frame, sizeof frame, 0);
    while ((TX_FIFO_INF & 0xffff) < length + TX_SPARE_BYTES) {
    }
    TX_DATA_FIFO = TX_A_FIRST_AND_LAST | length;
    TX_DATA_FIFO = length << 16 | length;
    for (uint32_t i = 0; i < (length + 3) / 4; i++) {
        TX_DATA_FIFO = frame[i];
    }
    while (fifo_entries(TX_FIFO_INF) > 0) {
        (void)TX_STATUS_FIFO;
    }
    return ERR_OK;
}

static void receive(struct netif *interface)
{
    uint32_t status = RX_STATUS_FIFO;
    uint32_t length = (status >> 16) & 0x3fff;
    for (uint32_t i = 0; i < (length + 3) / 4; i++) {
        uint32_t word = RX_DATA_FIFO;
        if (i < sizeof frame / sizeof frame[0]) {
            frame[i] = word;
        }
    }
    if ((status & RX_ERROR) || length <= CRC_BYTES || length > sizeof frame) {
        return;
    }
    ethernet_deliver(interface, frame, length - CRC_BYTES);
}

bool ethernet_poll(struct netif *interface)
{
    bool any = false;
    while (fifo_entries(RX_FIFO_INF) > 0) {
        receive(interface);
        any = true;
    }
    return any;
}

err_t ethernet_start(struct netif *interface)
{
    if (BYTE_TEST != BYTE_TEST_VALUE) {
        return ERR_IF;
    }
    HW_CFG = HW_CFG_TX_FIFO_5K;
    RX_CFG = 0;
    mac_write(MAC_ADDRL, ETHERNET_ADDRESS_LOW);
    mac_write(MAC_ADDRH, ETHERNET_ADDRESS_HIGH);
    mac_write(MAC_CR, MAC_CR_RUN);
    TX_CFG = TX_CFG_ON;
    ethernet_describe(interface, send);
    return ERR_OK;
}
