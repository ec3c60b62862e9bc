"""The ACME server (RFC 8555): certificates for servers, asked for by their own programs."""
