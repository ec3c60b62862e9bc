/*
 * Checks a reply (RFC 10049 section 5.4, and the musts of the sections before it).
 *
 * A reply is believed only when every check holds, so their order is free: what costs little comes
 * first and the two signatures last, for anyone can send a reply. Statuses name the first check
 * that fails.
 */
#include "base/bytes.h"
#include "base/load.h"
#include "base/reader.h"
#include "rootlet/crypto.h"
#include "rootlet/roughtime.h"
#include "roughtime/hash.h"
#include "roughtime/message.h"

/* One row per value of a response, message by message. */
enum {
    RESPONSE_SIG,
    RESPONSE_NONC,
    RESPONSE_TYPE,
    RESPONSE_PATH,
    RESPONSE_SREP,
    RESPONSE_CERT,
    RESPONSE_INDX,
    SREP_VER,
    SREP_RADI,
    SREP_MIDP,
    SREP_VERS,
    SREP_ROOT,
    CERT_SIG,
    CERT_DELE,
    DELE_PUBK,
    DELE_MINT,
    DELE_MAXT,
    RESPONSE_VALUES,
    RESPONSE = SREP_VER /* the message itself, until a row of another one takes its place */
};

#define UP_TO(n) ((n) / 4 - 1)
#define ANY_LENGTH 0, UP_TO(1024) /* no message is longer, section 5.1 */
#define EXACTLY(n) (n) / 4, UP_TO(n)
#define VERSIONS 1, UP_TO(4 * 32) /* 1 to 32 of them */
#define TYPE_RESPONSE 1u

static const rootlet_roughtime_wanted response_values[RESPONSE_VALUES] = {
    [RESPONSE_SIG] = {{'S', 'I', 'G', 0}, EXACTLY(64)},
    [RESPONSE_NONC] = {{'N', 'O', 'N', 'C'}, EXACTLY(32)},
    [RESPONSE_TYPE] = {{'T', 'Y', 'P', 'E'}, EXACTLY(4)},
    [RESPONSE_PATH] = {{'P', 'A', 'T', 'H'}, 0, UP_TO(32 * 32)},
    [RESPONSE_SREP] = {{'S', 'R', 'E', 'P'}, ANY_LENGTH},
    [RESPONSE_CERT] = {{'C', 'E', 'R', 'T'}, ANY_LENGTH},
    [RESPONSE_INDX] = {{'I', 'N', 'D', 'X'}, EXACTLY(4)},
    [SREP_VER] = {{'V', 'E', 'R', 0}, EXACTLY(4)},
    [SREP_RADI] = {{'R', 'A', 'D', 'I'}, EXACTLY(4)},
    [SREP_MIDP] = {{'M', 'I', 'D', 'P'}, EXACTLY(8)},
    [SREP_VERS] = {{'V', 'E', 'R', 'S'}, VERSIONS},
    [SREP_ROOT] = {{'R', 'O', 'O', 'T'}, EXACTLY(32)},
    [CERT_SIG] = {{'S', 'I', 'G', 0}, EXACTLY(64)},
    [CERT_DELE] = {{'D', 'E', 'L', 'E'}, ANY_LENGTH},
    [DELE_PUBK] = {{'P', 'U', 'B', 'K'}, EXACTLY(32)},
    [DELE_MINT] = {{'M', 'I', 'N', 'T'}, EXACTLY(8)},
    [DELE_MAXT] = {{'M', 'A', 'X', 'T'}, EXACTLY(8)},
};

/* The response and the messages inside: where each stands, and how many rows are its own. */
static const struct {
    uint8_t value;
    uint8_t count;
} messages[] = {
    {RESPONSE, SREP_VER},
    {RESPONSE_SREP, CERT_SIG - SREP_VER},
    {RESPONSE_CERT, DELE_PUBK - CERT_SIG},
    {CERT_DELE, RESPONSE_VALUES - DELE_PUBK},
};

enum { REQUEST_VER, REQUEST_NONC, REQUEST_VALUES };

static const rootlet_roughtime_wanted request_values[REQUEST_VALUES] = {
    [REQUEST_VER] = {{'V', 'E', 'R', 0}, VERSIONS},
    [REQUEST_NONC] = {{'N', 'O', 'N', 'C'}, EXACTLY(32)},
};

/* The texts of sections 5.2.1 and 5.2.6; their final zero byte is signed too. */
static const uint8_t response_context[] = "Roughtime v1 response signature";
static const uint8_t delegation_context[] = "Roughtime v1 delegation signature";
#define CONTEXT_CAPITAL 5 /* the letter that was T in the drafts */

/* From here on values have their sizes, so that the bytes of numbers are there. */

/*@ requires \valid_read(value) && readable(*value) && value->left == 8;
    assigns \nothing; */
static uint64_t load_le64(const rootlet_reader *value)
{
    return (uint64_t)rootlet_load_le32(value->next + 4) << 32 | rootlet_load_le32(value->next);
}

/*@ predicate outer_found{L}(rootlet_reader *values) =
        readable_at(values, RESPONSE_SIG) && readable_at(values, RESPONSE_NONC) &&
        readable_at(values, RESPONSE_TYPE) && readable_at(values, RESPONSE_PATH) &&
        readable_at(values, RESPONSE_SREP) && readable_at(values, RESPONSE_CERT) &&
        readable_at(values, RESPONSE_INDX) &&
        values[RESPONSE_TYPE].left == 4 && values[RESPONSE_INDX].left == 4 &&
        values[RESPONSE_SIG].left == ROOTLET_ED25519_SIGNATURE_BYTES &&
        values[RESPONSE_NONC].left == ROOTLET_ROUGHTIME_NONCE_BYTES;
    predicate srep_found{L}(rootlet_reader *values) =
        readable_at(values, SREP_VER) && readable_at(values, SREP_RADI) &&
        readable_at(values, SREP_MIDP) && readable_at(values, SREP_VERS) &&
        values[SREP_VER].left == 4 && values[SREP_RADI].left == 4 && values[SREP_MIDP].left == 8 &&
        readable_at(values, SREP_ROOT) && values[SREP_ROOT].left == ROOTLET_ROUGHTIME_HASH_BYTES;
    predicate cert_found{L}(rootlet_reader *values) =
        readable_at(values, CERT_SIG) && readable_at(values, CERT_DELE) &&
        values[CERT_SIG].left == ROOTLET_ED25519_SIGNATURE_BYTES;
    predicate dele_found{L}(rootlet_reader *values) =
        readable_at(values, DELE_PUBK) && readable_at(values, DELE_MINT) &&
        values[DELE_MINT].left == 8 && values[DELE_MAXT].left == 8 &&
        readable_at(values, DELE_MAXT) && values[DELE_PUBK].left == ROOTLET_ROUGHTIME_KEY_BYTES;
    // What outlives the values: they lie in the packet.
    predicate packet_beside{L}(rootlet_reader *values, uint8_t *others) =
        beside(values[RESPONSE_SIG].next, others) && beside(values[RESPONSE_SREP].next, others) &&
        beside(values[RESPONSE_CERT].next, others); */
/*@ requires \valid(values + (0 .. RESPONSE_VALUES - 1));
    requires readable_at(values, RESPONSE);
    assigns values[0 .. RESPONSE_VALUES - 1];
    ensures \result == ROOTLET_OK ==> outer_found(values);
    ensures \result == ROOTLET_OK ==> srep_found(values);
    ensures \result == ROOTLET_OK ==> cert_found(values);
    ensures \result == ROOTLET_OK ==> dele_found(values);
    ensures \result == ROOTLET_OK ==> packet_beside(values, \old(values[RESPONSE].next)) &&
        beside(values[CERT_SIG].next, \old(values[RESPONSE].next)) &&
        beside(values[CERT_DELE].next, \old(values[RESPONSE].next)) &&
        beside(values[DELE_PUBK].next, \old(values[RESPONSE].next));
    ensures \result == ROOTLET_OK ==>
        values[RESPONSE_PATH].left % ROOTLET_ROUGHTIME_HASH_BYTES == 0; */
/* Steps 1 and 2: every message well formed, every value there and of its size. */
static rootlet_status read_response(rootlet_reader values[RESPONSE_VALUES])
{
    rootlet_reader *found = values;
    const rootlet_roughtime_wanted *wanted = response_values;
    rootlet_status status = rootlet_roughtime_read_header(&values[RESPONSE], 0);
    for (size_t i = 0; status == ROOTLET_OK && i < sizeof messages / sizeof messages[0]; i++) {
        const size_t count = messages[i].count;
        status =
            rootlet_roughtime_read_message(found, wanted, count, &values[messages[i].value], 0);
        found += count;
        wanted += count;
    }
    if (status != ROOTLET_OK) {
        return status;
    }
    if (values[RESPONSE_PATH].left % ROOTLET_ROUGHTIME_HASH_BYTES != 0) {
        return ROOTLET_ERR_ROUGHTIME_TAG;
    }
    return rootlet_load_le32(values[RESPONSE_TYPE].next) == TYPE_RESPONSE
               ? ROOTLET_OK
               : ROOTLET_ERR_ROUGHTIME_TYPE;
}

/* true when the list ascends and holds the version. No list starts with 0, which is reserved
 * (section 12.2). */
/*@ requires \valid_read(list) && readable(*list);
    assigns \nothing; */
static bool holds_version(const rootlet_reader *list, uint32_t version)
{
    const uint8_t *next = list->next;
    size_t left = list->left;
    bool held = false;
    uint32_t previous = 0;
    /*@ loop invariant left <= list->left && next == list->next + (list->left - left);
        loop assigns left, held, previous, next;
        loop variant left; */
    for (; left >= 4; left -= 4) {
        const uint32_t number = rootlet_load_le32(next);
        if (number <= previous) {
            return false;
        }
        held = held || number == version;
        previous = number;
        next += 4;
    }
    return held && left == 0;
}

/* Step 8, section 5.3.1: the tree's root is reached from the request, and INDX is used up. */
/*@ requires \valid(values + (0 .. RESPONSE_VALUES - 1)) && readable_at(values, RESPONSE_INDX);
    requires readable_at(values, RESPONSE_PATH) && readable_at(values, SREP_ROOT);
    requires values[RESPONSE_INDX].left == 4;
    requires values[RESPONSE_PATH].left % ROOTLET_ROUGHTIME_HASH_BYTES == 0;
    requires values[SREP_ROOT].left == ROOTLET_ROUGHTIME_HASH_BYTES;
    requires \valid(hash + (0 .. ROOTLET_ROUGHTIME_HASH_BYTES - 1));
    requires \separated(values + (0 .. RESPONSE_VALUES - 1),
                        hash + (0 .. ROOTLET_ROUGHTIME_HASH_BYTES - 1));
    assigns values[0 .. RESPONSE_VALUES - 1], hash[0 .. ROOTLET_ROUGHTIME_HASH_BYTES - 1]; */
static bool proves(rootlet_reader values[RESPONSE_VALUES],
                   uint8_t hash[ROOTLET_ROUGHTIME_HASH_BYTES])
{
    const size_t size = ROOTLET_ROUGHTIME_HASH_BYTES;
    uint32_t index = rootlet_load_le32(values[RESPONSE_INDX].next);
    /*@ loop invariant readable_at(values, RESPONSE_PATH);
        loop invariant values[RESPONSE_PATH].left % ROOTLET_ROUGHTIME_HASH_BYTES == 0;
        loop assigns index, values[RESPONSE_PATH], hash[0 .. ROOTLET_ROUGHTIME_HASH_BYTES - 1];
        loop variant values[RESPONSE_PATH].left; */
    while (values[RESPONSE_PATH].left > 0) {
        const uint8_t *left = hash;
        const uint8_t *right = rootlet_read_bytes(&values[RESPONSE_PATH], size);
        if (index & 1) {
            left = right;
            right = hash;
        }
        rootlet_roughtime_hash(hash, ROOTLET_ROUGHTIME_NODE, left, size, right, size);
        index >>= 1;
    }
    return index == 0 && rootlet_equal(hash, values[SREP_ROOT].next, size);
}

/* A signature of sections 5.2.1 or 5.2.6 over a value as it was received. */
/*@ requires \valid_read(value) && readable(*value);
    requires \valid_read(signature + (0 .. ROOTLET_ED25519_SIGNATURE_BYTES - 1));
    requires \valid_read(key + (0 .. ROOTLET_ROUGHTIME_KEY_BYTES - 1));
    requires text_length <= sizeof(delegation_context);
    requires \valid_read(text + (0 .. text_length - 1));
    assigns \nothing; */
static bool is_signed(const rootlet_reader *value, const uint8_t *signature, const uint8_t *key,
                      const uint8_t *text, size_t text_length, uint8_t letter)
{
    uint8_t context[sizeof delegation_context];
    rootlet_copy(context, text, text_length);
    context[CONTEXT_CAPITAL] = letter;
    return rootlet_ed25519_verify(signature, key, context, text_length, value->next, value->left) ==
           ROOTLET_OK;
}

/* Steps 3, 4 and 6: the reply is to this request, in an offered version, and says a time that
 * the server's delegation covers. */
/*@ requires \valid(sample);
    requires \valid(got + (0 .. RESPONSE_VALUES - 1)) && readable_at(got, RESPONSE_NONC);
    requires got[RESPONSE_NONC].left == ROOTLET_ROUGHTIME_NONCE_BYTES;
    requires srep_found(got) && dele_found(got);
    requires \valid(asked + (0 .. REQUEST_VALUES - 1)) && readable_at(asked, REQUEST_VER);
    requires readable_at(asked, REQUEST_NONC);
    requires asked[REQUEST_NONC].left == ROOTLET_ROUGHTIME_NONCE_BYTES;
    requires \separated(sample, got + (0 .. RESPONSE_VALUES - 1),
                        asked + (0 .. REQUEST_VALUES - 1));
    assigns *sample, got[SREP_VER .. SREP_VERS], got[DELE_MINT .. DELE_MAXT], asked[REQUEST_VER]; */
static rootlet_status read_sample(rootlet_roughtime_sample *sample,
                                  rootlet_reader got[RESPONSE_VALUES],
                                  rootlet_reader asked[REQUEST_VALUES])
{
    if (!rootlet_equal(got[RESPONSE_NONC].next, asked[REQUEST_NONC].next,
                       ROOTLET_ROUGHTIME_NONCE_BYTES)) {
        return ROOTLET_ERR_ROUGHTIME_NONCE;
    }
    const uint32_t version = rootlet_load_le32(got[SREP_VER].next);
    if ((version != ROOTLET_ROUGHTIME_VERSION_1 && version != ROOTLET_ROUGHTIME_VERSION_DRAFT) ||
        !holds_version(&asked[REQUEST_VER], version) || !holds_version(&got[SREP_VERS], version)) {
        return ROOTLET_ERR_ROUGHTIME_VERSION;
    }
    /*@ assert readable_at(got, SREP_RADI) && readable_at(got, SREP_MIDP); */
    /*@ assert readable_at(got, DELE_MINT) && readable_at(got, DELE_MAXT); */
    const uint32_t radius = rootlet_load_le32(got[SREP_RADI].next);
    if (radius == 0) {
        return ROOTLET_ERR_ROUGHTIME_RADIUS;
    }
    const uint64_t midpoint = load_le64(&got[SREP_MIDP]);
    if (midpoint < load_le64(&got[DELE_MINT]) || midpoint > load_le64(&got[DELE_MAXT])) {
        return ROOTLET_ERR_ROUGHTIME_WINDOW;
    }
    *sample = (rootlet_roughtime_sample){midpoint, radius, version};
    return ROOTLET_OK;
}

/* What the signatures are checked with. */
typedef struct evidence {
    rootlet_reader delegation;
    rootlet_reader time;
    const uint8_t *delegation_signature;
    const uint8_t *time_signature;
    const uint8_t *delegated_key;
    rootlet_roughtime_sample sample;
} evidence;

/* All but the signatures. Not inlined: its frame must not lie under them. */
/*@ predicate evidence_found{L}(evidence *found) =
        readable(found->delegation) && readable(found->time) &&
        \valid_read(found->delegation_signature + (0 .. ROOTLET_ED25519_SIGNATURE_BYTES - 1)) &&
        \valid_read(found->time_signature + (0 .. ROOTLET_ED25519_SIGNATURE_BYTES - 1)) &&
        \valid_read(found->delegated_key + (0 .. ROOTLET_ROUGHTIME_KEY_BYTES - 1));
*/
/*@ requires \valid(found);
    requires \valid_read(request + (0 .. request_length - 1));
    requires \valid_read(response + (0 .. response_length - 1));
    assigns *found;
    ensures \result == ROOTLET_OK ==> evidence_found(found); */
__attribute__((noinline)) static rootlet_status
read_evidence(evidence *found, const uint8_t *request, size_t request_length, size_t request_zeros,
              const uint8_t *response, size_t response_length)
{
    rootlet_reader asked[REQUEST_VALUES];
    rootlet_reader got[RESPONSE_VALUES];
    rootlet_reader packet = {request, request_length};
    if (rootlet_roughtime_read_header(&packet, request_zeros) != ROOTLET_OK ||
        rootlet_roughtime_read_message(asked, request_values, REQUEST_VALUES, &packet,
                                       request_zeros) != ROOTLET_OK) {
        return ROOTLET_ERR_ROUGHTIME_REQUEST;
    }
    got[RESPONSE] = (rootlet_reader){response, response_length};
    rootlet_status status = read_response(got);
    if (status == ROOTLET_OK) {
        status = read_sample(&found->sample, got, asked);
    }
    if (status != ROOTLET_OK) {
        return status;
    }
    found->delegation = got[CERT_DELE];
    found->time = got[RESPONSE_SREP];
    found->delegation_signature = got[CERT_SIG].next;
    found->time_signature = got[RESPONSE_SIG].next;
    found->delegated_key = got[DELE_PUBK].next;
    uint8_t hash[ROOTLET_ROUGHTIME_HASH_BYTES];
    rootlet_roughtime_hash(hash, ROOTLET_ROUGHTIME_LEAF, request, request_length, NULL,
                           request_zeros);
    return proves(got, hash) ? ROOTLET_OK : ROOTLET_ERR_ROUGHTIME_MERKLE;
}

rootlet_status rootlet_roughtime_check(rootlet_roughtime_sample *sample, const uint8_t *request,
                                       size_t request_length, size_t request_zeros,
                                       const uint8_t *response, size_t response_length,
                                       const uint8_t server_key[ROOTLET_ROUGHTIME_KEY_BYTES],
                                       unsigned options)
{
    evidence found;
    rootlet_status status =
        read_evidence(&found, request, request_length, request_zeros, response, response_length);
    if (status != ROOTLET_OK) {
        return status;
    }
    const bool drafts = found.sample.version != ROOTLET_ROUGHTIME_VERSION_1 ||
                        (options & ROOTLET_ROUGHTIME_APPENDIX_B) != 0;
    const uint8_t letter = drafts ? 'T' : 't';
    /* Steps 5 and 7: the long-term key signed the delegation, the delegated key the time. */
    if (!is_signed(&found.delegation, found.delegation_signature, server_key, delegation_context,
                   sizeof delegation_context, letter)) {
        return ROOTLET_ERR_ROUGHTIME_DELEGATION;
    }
    if (!is_signed(&found.time, found.time_signature, found.delegated_key, response_context,
                   sizeof response_context, letter)) {
        return ROOTLET_ERR_ROUGHTIME_SIGNATURE;
    }
    *sample = found.sample;
    return ROOTLET_OK;
}
