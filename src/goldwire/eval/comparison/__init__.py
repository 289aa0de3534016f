"""Records and layers side by side: what must agree, who is ahead, how far annotators agree."""
