"""Systems, and how they are run: processes, limits, the journal of what they gave."""
