/* Certificate, section 4.5.1: the server's, and ours. */
#include "engine.h"
#include "extensions.h"

/* Reads a CertificateEntry. Not inlined: its frame must not lie under the path check. */
/*@ requires \valid(certificate) && \valid_read(tls) && \valid(body) && readable(*body);
    requires \separated(certificate, body, tls);
    assigns *certificate, *body;
    ensures read_past(*body, \old(*body), 3);
    ensures certificate_at(certificate, 0); */
__attribute__((noinline)) static rootlet_status
read_entry(rootlet_certificate *certificate, const rootlet_tls *tls, rootlet_reader *body)
{
    rootlet_reader found[EXTENSION_PLACES];
    rootlet_reader der = rootlet_read_vector(body, 3);
    /*@ assert readable(der); */
    *certificate = (rootlet_certificate){der.next, der.left};
    rootlet_status status = rootlet_tls_read_extensions(found, body, 0, tls);
    return status == ROOTLET_OK && der.left == 0 ? ROOTLET_ERR_TLS_DECODE : status;
}

rootlet_status rootlet_tls_take_certificate(rootlet_tls *tls, rootlet_reader *body,
                                            const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    rootlet_certificate chain[ROOTLET_CHAIN_CERTIFICATES];
    size_t count = 0;
    if (rootlet_read_be(body, 1) != 0) { /* certificate_request_context */
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    if (!rootlet_tls_enter_last(body, 3)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    /*@ loop invariant count <= ROOTLET_CHAIN_CERTIFICATES && readable(*body);
        loop invariant tls->config == \at(tls->config, Pre);
        loop invariant \forall integer i; 0 <= i < count ==>
            certificate_at(&chain[0], i);
        loop assigns count, *body, chain[0 .. ROOTLET_CHAIN_CERTIFICATES - 1];
        loop variant body->left; */
    while (body->left > 0) {
        if (count == ROOTLET_CHAIN_CERTIFICATES) {
            return ROOTLET_ERR_X509_TOO_MANY;
        }
        rootlet_status status = read_entry(&chain[count++], tls, body);
        if (status != ROOTLET_OK) {
            return status;
        }
        /*@ assert certificate_at(&chain[0], count - 1); */
        /*@ assert \forall integer i; 0 <= i < count - 1 ==>
                chain[i].der == \at(chain[i].der, LoopCurrent) &&
                chain[i].length == \at(chain[i].length, LoopCurrent); */
        /*@ assert \forall integer i; 0 <= i < count - 1 ==>
                certificate_at{LoopCurrent}(&chain[0], i) ==> certificate_at(&chain[0], i); */
    }
    /*@ ghost const rootlet_x509_config *trust = &tls->config->trust; */
    /*@ assert \valid_read(trust) &&
            trust->anchors == \at(tls->config->trust.anchors, Pre) &&
            trust->anchor_count == \at(tls->config->trust.anchor_count, Pre); */
    /*@ assert \forall integer i; 0 <= i < trust->anchor_count ==>
            readable_anchor(\at(tls->config->trust.anchors[\at(i, Here)], Pre)) ==>
            readable_anchor(trust->anchors[i]); */
    /*@ assert x509_configured(trust); */
    return rootlet_x509_check(tls->secrets.keys.server_key, chain, count, &tls->config->trust);
}

void rootlet_tls_write_certificate(rootlet_tls *tls, rootlet_tls_writer *writer)
{
    if (tls->asked_for == ASKED_FOR_NOTHING) {
        return;
    }
    const rootlet_identity *identity = tls->config->identity;
    size_t count =
        ROOTLET_TLS_CLIENT_AUTH && tls->asked_for == ASKED_FOR_CHAIN ? identity->count : 0;
    rootlet_tls_write_be(writer, 0, 1); /* certificate_request_context, which was empty */
    rootlet_tls_write_rest(writer, 3);
    /*@ loop invariant i <= count;
        loop assigns i, writer->length, writer->to[0 .. writer->room - 1];
        loop variant count - i; */
    for (size_t i = 0; i < count; i++) {
        rootlet_tls_write_be(writer, (uint32_t)identity->chain[i].length, 3);
        rootlet_tls_write(writer, identity->chain[i].der, identity->chain[i].length);
        rootlet_tls_write_be(writer, 0, 2); /* no extensions */
    }
}
