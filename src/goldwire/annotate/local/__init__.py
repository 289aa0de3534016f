"""A Label Studio of one's own: installed, started, found again, and the token for it."""
