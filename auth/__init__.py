"""Credentials of the API: one strategy for each authType puts them into requests."""
