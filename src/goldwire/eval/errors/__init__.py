"""Errors: a class for each unit, a cause for each lost argument, curves by confidence."""
