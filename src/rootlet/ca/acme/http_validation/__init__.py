"""Validation of challenges: one file for each type, and what they share.

What keeps it from being a tool against the inside network: ports are fixed by the maker; the
address that was checked is the one that is connected to, and it must be public or in a network
that the maker allows; answers are read up to a limit, in time; nothing of an answer is repeated.
"""
