"""What annotators see: the labeling configuration of an ontology, its colours and keys, the guidelines."""
