"""Rootlet: TLS of their own for makers of connected devices.

One root, one cipher suite, one clock. See README.md for the command line and docs/ for the rest.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
