"""The words of the `g4lab` command; what is slow is imported when it runs, so that `--help` is quick."""
