"""Executions on many machines: Ray says where and when, and on each node the usual sandbox runs what is sent there."""
