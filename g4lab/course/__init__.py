"""The course: exercises that check themselves, hints, solutions, and guesses that are kept.

    from g4lab.course import check, hint, predict, measured, solution

Importing it imports no backend; the exercises are numpy.
"""

from g4lab.course.charts import bars, lines
from g4lab.course.checking import check, hint, solution
from g4lab.course.fitting import fits
from g4lab.course.guesses import measured, predict
from g4lab.course.lessons import lesson
from g4lab.course.merges import merge_ranks
from g4lab.course.models import load

__all__ = [
    "bars",
    "check",
    "fits",
    "hint",
    "lesson",
    "lines",
    "load",
    "measured",
    "merge_ranks",
    "predict",
    "solution",
]
