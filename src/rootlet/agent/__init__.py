"""Keeps the certificates of servers fresh: renews, installs, confirms, rolls back, alarms."""

from rootlet.agent.log import AgentLog
from rootlet.agent.model import AGENT_CONFIG, AgentConfig, Kept, load_config, parse_config
from rootlet.agent.report import Report, exit_code_of, table_text
from rootlet.agent.serve import STATUS, keepers_of, once, run
from rootlet.agent.texts import starter_config, unit_text

__all__ = [
    "AGENT_CONFIG",
    "STATUS",
    "AgentConfig",
    "AgentLog",
    "Kept",
    "Report",
    "exit_code_of",
    "keepers_of",
    "load_config",
    "once",
    "parse_config",
    "run",
    "starter_config",
    "table_text",
    "unit_text",
]
