"""Doubts about gold: units that may be wrong in it or missing from it, for people to look at again."""
