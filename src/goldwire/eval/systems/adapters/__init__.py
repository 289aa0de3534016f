"""Adapters to systems of others: commands, services, Python objects, language models, files."""
