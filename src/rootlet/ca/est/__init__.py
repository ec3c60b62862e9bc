"""EST (RFC 7030): certificates for devices that make their own keys."""
