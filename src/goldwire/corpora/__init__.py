"""Corpora and all that is annotated in them: types, codec, offsets, ontology, directory, formats."""
