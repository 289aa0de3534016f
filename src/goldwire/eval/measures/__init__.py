"""Measures and suites, and the signature under every number."""
