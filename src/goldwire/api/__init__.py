"""The front door: what `import goldwire` gives for notebooks and scripts; names are loaded when asked for."""
