"""Trying a connection and a mapping without a resync: for the command line and Port."""
