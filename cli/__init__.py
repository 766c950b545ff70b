"""The command line `ocean-custom`: check, preview, init and studio."""
