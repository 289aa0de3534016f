"""Reference systems: rules and word lists, and linear models trained on a layer."""
