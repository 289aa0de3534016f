"""A corpus as Parquet in parts, in a store of objects or a shared folder (see `index` for what is where)."""
