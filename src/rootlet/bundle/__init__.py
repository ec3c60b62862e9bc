"""The trust bundle: what a device is built with, and the checks before it is written."""
