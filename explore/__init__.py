"""`ocean-custom`: check settings, preview a mapping and make a first one, without Port."""
