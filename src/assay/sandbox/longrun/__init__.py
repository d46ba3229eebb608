"""Long runs: commands that outlive whoever started them, under a small process that records how they really ended."""

from assay.sandbox.longrun.broken import set_aside
from assay.sandbox.longrun.handle import LongRun, Look, attach_long, start_long
from assay.sandbox.longrun.record import End, Life, Order, Record

__all__ = ["End", "Life", "LongRun", "Look", "Order", "Record", "attach_long", "set_aside", "start_long"]
