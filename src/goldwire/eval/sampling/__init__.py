"""Sampling: which documents to annotate next, and with which probability each of them came."""
