"""Certificates changed at random places."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["mutations"]


@st.composite
def mutations(draw: st.DrawFn, originals: st.SearchStrategy[bytes]) -> bytes:
    """Bytes with some changed, put in, left out, or a length corrected for that."""
    der = bytearray(draw(originals))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(der) - 1))
        kind = draw(st.sampled_from(["bit", "octet", "insert", "remove", "step"]))
        if kind == "bit":
            der[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "octet":
            der[place] = draw(st.integers(0, 255))
        elif kind == "insert":
            der[place:place] = draw(st.binary(min_size=1, max_size=3))
        elif kind == "remove":
            del der[place]
        else:
            der[place] = (der[place] + draw(st.sampled_from([-1, 1]))) % 256
    return bytes(der)
