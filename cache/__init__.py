"""Responses that are kept: within a resync, and between resyncs."""
