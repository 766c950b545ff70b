"""The settings that an operator gives, parsed, checked and frozen."""
