"""Writes vectors/x509/chains.json anew."""

from __future__ import annotations

from support.x509.vectors import VECTORS, vector_text

VECTORS.parent.mkdir(parents=True, exist_ok=True)
VECTORS.write_text(vector_text(), encoding="utf-8")
