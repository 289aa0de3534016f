"""Evaluation of systems: running them, alignment, counts, measures, records, reports."""
