"""Statistics of counts: precision, recall and F, their intervals, and tests of differences."""
