"""Chapter 3, positions: turning pairs of features, all of them or a quarter."""
