"""Local stand-ins for the two services that the integration talks to: Port and a REST API."""
