"""Renewal of server certificates."""
