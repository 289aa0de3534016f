"""Goldwire: gold annotation of entities and events in news, and scores of extractors that can be defended."""

__version__ = "0.1.0"
