"""The passage from layers to a record: read, counted block by block, worked out."""
