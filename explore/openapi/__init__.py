"""What an OpenAPI 3 document tells about an API."""
