"""Who this instance is to the API: one strategy for each authType."""
