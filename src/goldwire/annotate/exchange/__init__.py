"""The passage between layers and Label Studio: tasks out, results in, every one of them checked."""
