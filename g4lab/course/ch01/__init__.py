"""Chapter 1, tokens: one step of byte-pair encoding, and what no user can write."""
