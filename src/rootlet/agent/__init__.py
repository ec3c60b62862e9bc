"""Keeps the certificates of servers fresh: renews, installs, confirms, rolls back, alarms."""
