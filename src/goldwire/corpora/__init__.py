"""What is annotated: types, codec, offsets, ontology, corpus directory, formats."""
