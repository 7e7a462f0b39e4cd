"""Pictures, sounds and films as the encoders read them: numpy arrays, and how many soft tokens they become."""

from g4lab.media.audio import AudioFrames, read_audio, split_audio, stack_audio
from g4lab.media.image import read_image
from g4lab.media.patches import ImagePatches, stack_images
from g4lab.media.sizes import BUDGETS
from g4lab.media.video import VideoFrames, read_video
from g4lab.text.slots import expand, expand_parts

__all__ = [
    "BUDGETS",
    "AudioFrames",
    "ImagePatches",
    "VideoFrames",
    "expand",
    "expand_parts",
    "read_audio",
    "read_image",
    "read_video",
    "split_audio",
    "stack_audio",
    "stack_images",
]
