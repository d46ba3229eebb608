"""`daemon_config.json`, the config of the loop that the lab follows, read as it is and put into our terms."""

from assay.strategies.daemon.reading import KEYS, DaemonConfig, read_daemon_config
from assay.strategies.daemon.settings import LabSettings

__all__ = ["KEYS", "DaemonConfig", "LabSettings", "read_daemon_config"]
