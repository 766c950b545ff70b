"""Pagination: the next request of an endpoint, and when it was read to its end."""
