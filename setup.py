"""Builds the device library's C code into the extension module behind rootlet.device.

Everything else about the package stands in pyproject.toml.
"""

from setuptools import setup

setup(cffi_modules=["tools/build_native.py:ffi"])
