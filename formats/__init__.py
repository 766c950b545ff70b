"""Response formats: from the bytes of a body to JSON values."""
