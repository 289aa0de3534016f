"""What is measured: extractors, alignment, counts, metrics, records, reports."""
