"""The numbers that define each Gemma 4 size, and the rules they must keep."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Literal, get_args

from g4lab.encoder_config import AUDIO, LARGE_VISION, SMALL_VISION, AudioConfig, VisionConfig
from g4lab.errors import ConfigError

Kind = Literal["local", "global"]

_POSITIVE = (
    *("vocab_size", "width", "heads", "kv_heads", "global_kv_heads", "head_dim", "global_head_dim", "feedforward"),
    *("window", "ple_vocab_size", "softcap", "norm_eps", "local_theta", "global_theta", "max_positions"),
)
_ZERO_FOR_NONE = ("shared_layers", "ple_dim", "experts", "chosen", "expert_feedforward")
_ENCODERS = {"vision": VisionConfig, "audio": AudioConfig}


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """One model by its numbers: the text decoder, and the encoders whose soft tokens it reads.

    Axis letters: D width, N query heads, K key/value heads, H head dim, F feed-forward,
    L layers, P PLE dim, V vocabulary, E experts, C chosen experts.
    """

    name: str
    vocab_size: int = 262_144
    """V."""
    width: int
    """D, the residual stream."""
    kinds: tuple[Kind, ...]
    """One entry a layer: local layers see a window, global layers see everything before."""
    heads: int
    """N, in every layer."""
    kv_heads: int
    """K of local layers (and of global ones unless `global_kv_heads` says otherwise)."""
    global_kv_heads: int | None = None
    """K of global layers in the sizes with `key_is_value`."""
    head_dim: int = 256
    """H of local layers."""
    global_head_dim: int = 512
    """H of global layers."""
    feedforward: int
    """F of the dense MLP (in a mixture: of the dense branch)."""
    window: int
    """A local query sees this many keys, itself included."""
    shared_layers: int = 0
    """So many of the last layers borrow keys and values from an earlier layer of their kind."""
    double_wide: bool = False
    """Borrowing layers have an MLP of width 2F."""
    key_is_value: bool = False
    """Global layers use one projection for both keys and values."""
    ple_dim: int = 0
    """P of the per-layer embeddings; 0 for none."""
    ple_vocab_size: int = 262_144
    experts: int = 0
    """E of the mixture; 0 for none."""
    chosen: int = 0
    """C, the experts that read a token."""
    expert_feedforward: int = 0
    """F of one expert."""
    softcap: float | None = 30.0
    """Final logits are softcap * tanh(logits / softcap)."""
    norm_eps: float = 1e-6
    local_theta: float = 10_000.0
    global_theta: float = 1_000_000.0
    rotary_fraction: float = 0.25
    """Share of the pairs that global layers rotate (p-RoPE)."""
    max_positions: int = 131_072
    bidirectional_images: bool = False
    """Tokens of one picture see each other both ways on local layers."""
    pad_id: int = 0
    bos_id: int = 2
    eos_ids: tuple[int, ...] = (1,)
    image_id: int = 258_880
    """Stands where a soft token of a picture goes."""
    video_id: int = 258_884
    """Stands where a soft token of a film's frame goes."""
    audio_id: int = 258_881
    """Stands where a soft token of a sound goes."""
    image_start_id: int = 255_999
    """Before the soft tokens of a picture or a frame."""
    image_end_id: int = 258_882
    audio_start_id: int = 256_000
    audio_end_id: int = 258_883
    vision: VisionConfig | None = None
    """None in a model that does not see."""
    audio: AudioConfig | None = None
    """None in a model that does not hear."""

    def __post_init__(self):
        for field in _POSITIVE:
            value = getattr(self, field)
            _check(value is None or value > 0, self.name, f"{field} is {value}", "give a positive number")
        for field in _ZERO_FOR_NONE:
            value = getattr(self, field)
            _check(value >= 0, self.name, f"{field} is {value}", "give a positive number, or 0 for none")
        fraction = self.rotary_fraction
        _check(0 < fraction <= 1, self.name, f"rotary_fraction is {fraction}", "give a share above 0 and up to 1")
        _check(bool(self.kinds), self.name, "kinds is empty", "name at least one layer")
        unknown = set(self.kinds) - set(get_args(Kind))
        _check(not unknown, self.name, f"kinds holds {sorted(unknown)}", 'use "local" and "global"')
        for kv_heads in {self.kv_heads, self.kv_heads_of("global")}:
            _check(
                self.heads % kv_heads == 0,
                self.name,
                f"{self.heads} query heads cannot share {kv_heads} key/value heads",
                "make heads a multiple of kv_heads",
            )
        for field in ("head_dim", "global_head_dim"):
            _check(getattr(self, field) % 2 == 0, self.name, f"{field} is odd", "rotary pairs need an even head dim")
        owners, borrowers = set(self.kinds[: self.owners]), set(self.kinds[self.owners :])
        _check(
            self.shared_layers < self.layers and borrowers <= owners,
            self.name,
            f"the last {self.shared_layers} of {self.layers} layers borrow K/V but not every kind has an owner",
            "keep at least one earlier layer of each kind that borrows",
        )
        mixture = (self.experts > 0, self.chosen > 0, self.expert_feedforward > 0)
        _check(
            all(mixture) or not any(mixture),
            self.name,
            f"experts={self.experts}, chosen={self.chosen}, expert_feedforward={self.expert_feedforward}",
            "set all three for a mixture, none for a dense model",
        )
        _check(self.chosen <= self.experts, self.name, "more experts chosen than there are", "lower `chosen`")

    @property
    def layers(self) -> int:
        """L."""
        return len(self.kinds)

    @property
    def owners(self) -> int:
        """How many of the first layers compute their own keys and values."""
        return self.layers - self.shared_layers

    def kv_heads_of(self, kind: Kind) -> int:
        """K of a layer of this kind."""
        if kind == "global" and self.key_is_value and self.global_kv_heads:
            return self.global_kv_heads
        return self.kv_heads

    def head_dim_of(self, kind: Kind) -> int:
        """H of a layer of this kind."""
        return self.global_head_dim if kind == "global" else self.head_dim

    def replace(self, **changes) -> TextConfig:
        """The same config with some fields changed (and checked again)."""
        return replace(self, **changes)

    def to_dict(self) -> dict:
        """Plain JSON values; `from_dict` reads them back."""
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return values | {name: part.to_dict() for name in _ENCODERS if (part := getattr(self, name))}

    @classmethod
    def from_dict(cls, values: dict) -> TextConfig:
        """Build a config from `to_dict`'s output; an unknown field is an error."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        _check(not unknown, values.get("name", "config"), f"unknown fields {unknown}", f"known: {sorted(known)}")
        missing = sorted(field.name for field in fields(cls) if field.default is MISSING and field.name not in values)
        _check(not missing, values.get("name", "config"), f"missing fields {missing}", "give them too")
        encoders = {name: kind.from_dict(values[name]) for name, kind in _ENCODERS.items() if values.get(name)}
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        return cls(**plain | encoders)


def repeat_pattern(layers: int, locals_per_global: int) -> tuple[Kind, ...]:
    """`locals_per_global` local layers, then a global one, over and over; the last layer is global."""
    kinds = ["global" if (i + 1) % (locals_per_global + 1) == 0 else "local" for i in range(layers)]
    return (*kinds[:-1], "global")


def preset(name: str) -> TextConfig:
    """The config of a released size, such as "e2b" or "26b-a4b-it"."""
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}", "g4lab.config", f"choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def _check(holds: bool, name: str, what: str, next: str) -> None:
    if not holds:
        raise ConfigError(what, f"config {name!r}", next)


# Sources: the variants' configs in transformers' `convert_gemma4_weights.py` (commit 0f3f0632), which agree with
# google-deepmind/gemma 4.0.1 `gm/nn/gemma4/_gemma4.py`. The instruction-tuned models differ only in weights and in
# the tokens that end a reply: <eos> 1, <turn|> 106, <|tool_response> 50 (their generation_config.json).
_BASE = (
    TextConfig(
        name="e2b",
        width=1536,
        kinds=repeat_pattern(35, 4),
        heads=8,
        kv_heads=1,
        feedforward=6144,
        window=512,
        shared_layers=20,
        double_wide=True,
        ple_dim=256,
        vision=SMALL_VISION,
        audio=AUDIO,
    ),
    TextConfig(
        name="e4b",
        width=2560,
        kinds=repeat_pattern(42, 5),
        heads=8,
        kv_heads=2,
        feedforward=10240,
        window=512,
        shared_layers=18,
        ple_dim=256,
        vision=SMALL_VISION,
        audio=AUDIO,
    ),
    TextConfig(
        name="26b-a4b",
        width=2816,
        kinds=repeat_pattern(30, 5),
        heads=16,
        kv_heads=8,
        global_kv_heads=2,
        feedforward=2112,
        window=1024,
        key_is_value=True,
        experts=128,
        chosen=8,
        expert_feedforward=704,
        max_positions=262_144,
        bidirectional_images=True,
        vision=LARGE_VISION,
    ),
    TextConfig(
        name="31b",
        width=5376,
        kinds=repeat_pattern(60, 5),
        heads=32,
        kv_heads=16,
        global_kv_heads=4,
        feedforward=21504,
        window=1024,
        key_is_value=True,
        max_positions=262_144,
        bidirectional_images=True,
        vision=LARGE_VISION,
    ),
)

PRESETS: dict[str, TextConfig] = {
    config.name: config
    for base in _BASE
    for config in (base, base.replace(name=f"{base.name}-it", eos_ids=(1, 106, 50)))
}
