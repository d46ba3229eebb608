"""`daemon_config.json`, the config of the loop that the lab follows, read as it is and put into our terms."""

from assay.strategies.daemon.reading import KEYS, DaemonConfig, read_daemon_config
from assay.strategies.daemon.settings import Clone, LabSettings, RepairRules

__all__ = ["KEYS", "Clone", "DaemonConfig", "LabSettings", "RepairRules", "read_daemon_config"]
