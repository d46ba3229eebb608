"""`daemon_config.json`, the config of the loop that the lab follows, read as it is and put over a lab's own."""

from assay.strategies.daemon.keys import KEYS
from assay.strategies.daemon.onto import left_out, with_daemon_config
from assay.strategies.daemon.reading import DaemonConfig, read_daemon_config

__all__ = ["KEYS", "DaemonConfig", "left_out", "read_daemon_config", "with_daemon_config"]
