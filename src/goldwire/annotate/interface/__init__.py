"""Interface of annotators: the labeling configuration of an ontology, its colours and keys, guidelines."""
