"""Roughtime (RFC 10049): messages, Merkle tree, server and client."""
