"""The device library's own C code, called from Python."""
