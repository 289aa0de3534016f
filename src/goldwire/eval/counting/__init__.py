"""Counting of layers: what a unit is, which pairs match, and sums per document and label."""
