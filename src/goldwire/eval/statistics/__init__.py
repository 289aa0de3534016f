"""From counts to figures: precision, recall and F, their intervals, and tests of differences."""
