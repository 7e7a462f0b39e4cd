"""Train the tiny family from its generated corpus, measure it, and write the checkpoint that g4lab ships."""

from g4lab.training.publish import publish
from g4lab.training.run import run

__all__ = ["publish", "run"]
