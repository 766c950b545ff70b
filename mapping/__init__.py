"""The mapping as users write it, checked and turned into plans."""
