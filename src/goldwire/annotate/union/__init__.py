"""Adjudication as a Label Studio project: the union of what people marked goes out, decisions come back."""
