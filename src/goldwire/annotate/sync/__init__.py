"""A corpus and a project on a server: pushed, pulled, and nothing lost or doubled on the way."""
