"""Webhooks that lead through the same reading into the same catalog."""
