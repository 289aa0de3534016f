"""A report: one model of what is shown, and a renderer for each form. No arithmetic in a renderer."""
