"""Systems run over documents: in processes of their own, with limits, journal and cache."""
