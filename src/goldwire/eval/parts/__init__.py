"""Parts of a scoring or a run that were made on different machines, written, checked and merged."""
