"""Chapter 5, experts: choosing a few, adding them up, and what chance would do."""
