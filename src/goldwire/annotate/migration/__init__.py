"""Another ontology under annotations that are there: planned, listed, carried out."""
