"""The errors a user can meet: each says what was wrong, where, and what to do next."""

from __future__ import annotations


class G4LabError(Exception):
    """Something the user can put right; `str()` gives the three lines, the attributes give the parts."""

    def __init__(self, what: str, where: object = None, next: str | None = None):
        # All three go to Exception, so that an error survives pickling between processes.
        super().__init__(what, where, next)
        self.what = what
        self.where = None if where is None else str(where)
        self.next = next

    def __str__(self) -> str:
        lines = [self.what]
        if self.where is not None:
            lines.append(f"  where: {self.where}")
        if self.next is not None:
            lines.append(f"  next: {self.next}")
        return "\n".join(lines)


class CheckpointError(G4LabError):
    """A checkpoint is damaged, incomplete, or not of a kind that g4lab reads."""


class ConfigError(G4LabError):
    """The numbers that describe a model contradict each other or name nothing known."""


class InputError(G4LabError):
    """A prompt, an argument or a file from the user cannot be used as given."""


class MediaError(InputError):
    """A picture, a sound or a film cannot be read, or does not fit the places in the prompt."""


class SetupError(G4LabError):
    """The machine or the environment lacks something that this step needs."""


class DownloadError(G4LabError):
    """A checkpoint could not be fetched."""
