"""The numbers that define the encoders beside the text decoder: what turns pictures and sound into soft tokens."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Self

from g4lab.errors import ConfigError

BOUNDS = {"input_min": -1, "input_max": 1, "output_min": -1, "output_max": 1}
"""Names of a clipped map's bounds, and on which side of zero each lies."""


class _Encoder:
    """What both kinds of encoder config can do."""

    def replace(self, **changes) -> Self:
        """The same config with some fields changed (and checked again)."""
        return replace(self, **changes)

    def to_dict(self) -> dict:
        """Plain JSON values; `from_dict` reads them back."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict) -> Self:
        """Build a config from `to_dict`'s output; an unknown or missing field is an error."""
        known = {field.name: field for field in fields(cls)}
        unknown = sorted(set(values) - set(known))
        _check(not unknown, cls.__name__, f"unknown fields {unknown}", f"known: {sorted(known)}")
        missing = sorted(name for name, field in known.items() if field.default is MISSING and name not in values)
        _check(not missing, cls.__name__, f"missing fields {missing}", "give them too")
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})

    def _positive(self, *exempt: str) -> None:
        for name, value in asdict(self).items():
            numbers = value if isinstance(value, tuple) else (value,)
            wrong = name not in exempt and any(not number > 0 for number in numbers)
            _check(not wrong, type(self).__name__, f"{name} is {value}", "give a positive number")


@dataclass(frozen=True, kw_only=True)
class VisionConfig(_Encoder):
    """The vision encoder: patches of a picture to soft tokens, one for each pooling x pooling patches."""

    width: int
    """D of the encoder, not of the text decoder."""
    layers: int
    heads: int
    head_dim: int
    """H: one half turns with the column of a patch, the other with its row."""
    feedforward: int
    patch_size: int = 16
    """Pixels of a patch's side."""
    pooling: int = 3
    """Patches of a soft token's side."""
    positions: int = 10_240
    """Columns, and rows, that the position table knows."""
    budget: int = 280
    """The most soft tokens of a picture, where none is asked for."""
    frame_budget: int = 70
    """The most soft tokens of a film's frame."""
    frames: int = 32
    """The most frames of a film."""
    theta: float = 100.0
    clipped: bool = False
    """Linear maps clamp what goes in and what comes out, between bounds that the checkpoint holds."""
    standardised: bool = False
    """Soft tokens are shifted and scaled by stored constants before they enter the text model."""
    norm_eps: float = 1e-6

    def __post_init__(self):
        self._positive("clipped", "standardised")
        whole = self.head_dim % 4 == 0
        _check(whole, "VisionConfig", f"head_dim is {self.head_dim}", "give a multiple of 4: two axes of rotary pairs")

    @property
    def patch_values(self) -> int:
        """Numbers in a patch: three colours of each pixel."""
        return 3 * self.patch_size**2


@dataclass(frozen=True, kw_only=True)
class AudioConfig(_Encoder):
    """The audio encoder: four mel frames of 10 ms to one soft token of 40 ms."""

    width: int
    """D of the encoder, not of the text decoder; its feed-forward parts are 4 D wide."""
    layers: int
    heads: int
    output_width: int
    """What leaves the encoder, before the projection into the text model."""
    span: int = 12
    """A frame reads this many frames, itself included; attention works in chunks as long."""
    kernel: int = 5
    """Frames that the light convolution sees: this one and those just before it."""
    channels: tuple[int, int] = (128, 32)
    """Of the two subsampling convolutions."""
    mel_bins: int = 128
    """M."""
    softcap: float = 50.0
    """Attention scores are softcap * tanh(scores / softcap)."""
    residual_weight: float = 0.5
    """What a feed-forward part counts: there are two in a layer, each half a step."""
    limit: float = 1e10
    """Values beyond it, in either direction, are cut off before norms."""
    clipped: bool = True
    """As in `VisionConfig`."""
    norm_eps: float = 1e-6

    def __post_init__(self):
        self._positive("clipped")
        _check(len(self.channels) == 2, "AudioConfig", f"channels is {self.channels}", "give two numbers")
        whole = self.width % self.heads == 0
        _check(whole, "AudioConfig", f"{self.heads} heads do not divide a width of {self.width}", "change one of them")
        _check(self.width % 2 == 0, "AudioConfig", "width is odd", "distances are sines and cosines in equal number")

    @property
    def head_dim(self) -> int:
        """H."""
        return self.width // self.heads

    @property
    def flattened(self) -> int:
        """Numbers of a frame after the convolutions: channels times mel bins, halved twice and rounded up."""
        return self.channels[1] * -(-self.mel_bins // 4)


def _check(holds: bool, name: str, what: str, next: str) -> None:
    if not holds:
        raise ConfigError(what, name, next)


# Sources: `_ON_DEVICE_VISION_CONFIG` and `_LARGE_MODEL_VISION_CONFIG` in transformers' `convert_gemma4_weights.py`
# (commit 0f3f0632) and the defaults of `Gemma4VisionConfig` and `Gemma4AudioConfig`, which agree with
# google-deepmind/gemma 4.0.1 `gm/nn/gemma4/_gemma4.py`.
SMALL_VISION = VisionConfig(width=768, layers=16, heads=12, head_dim=64, feedforward=3072, clipped=True)
"""Of E2B and E4B."""
LARGE_VISION = VisionConfig(width=1152, layers=27, heads=16, head_dim=72, feedforward=4304, standardised=True)
"""Of 26B-A4B and 31B."""
AUDIO = AudioConfig(width=1024, layers=12, heads=8, output_width=1536)
"""Of E2B and E4B; the larger sizes do not hear."""
