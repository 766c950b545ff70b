"""The command line `ocean-custom`: check, preview and init."""
