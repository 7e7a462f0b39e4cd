"""Checkpoints of other libraries and of ours: opened lazily, loaded one tensor at a time, saved whole or not at all."""
