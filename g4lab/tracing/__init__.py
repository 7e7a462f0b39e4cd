"""What a run of a model left behind, and the standard quantities read from it: numpy only."""
