"""The demonstration: the real integration brings the sample API into a local catalog."""
