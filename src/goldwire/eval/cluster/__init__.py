"""A cluster of machines with Dask: what is computed by document goes to its workers, part by part."""
