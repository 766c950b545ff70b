"""Reading one resource, whole or not at all: parameters, pages, items, batches."""
