"""`init`: from answers of an API to the files of an installation."""
