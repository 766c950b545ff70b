"""The layers under the client: limits, retries, connections, spooled bodies."""
