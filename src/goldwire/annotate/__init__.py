"""Annotation by people: label configuration, tasks, results, server, sync, adjudication."""
