/* The memory a caller gives the library, as objects whose sizes the size report reads. */
#include "rootlet/rootlet.h"

extern rootlet_tls tls_context;
extern uint8_t tls_receive_buffer[];
extern uint8_t tls_send_buffer[];
extern uint8_t tls_handshake_buffer[];
extern rootlet_tls_config tls_config;
extern uint8_t roughtime_request[];
extern uint8_t roughtime_response[];
extern rootlet_sha256 sha256_context;
extern rootlet_sha512 sha512_context;

rootlet_tls tls_context;
uint8_t tls_receive_buffer[ROOTLET_TLS_IN_BYTES];
uint8_t tls_send_buffer[ROOTLET_TLS_OUT_BYTES];
uint8_t tls_handshake_buffer[ROOTLET_TLS_HANDSHAKE_BYTES];
rootlet_tls_config tls_config;
uint8_t roughtime_request[ROOTLET_ROUGHTIME_HEAD_BYTES];
uint8_t roughtime_response[ROOTLET_ROUGHTIME_RESPONSE_BYTES];
rootlet_sha256 sha256_context;
rootlet_sha512 sha512_context;
