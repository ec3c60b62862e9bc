"""Configurations that hold real servers to the profile, one small file per server."""
