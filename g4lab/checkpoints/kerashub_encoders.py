"""Which variable of keras-hub's encoders is which of ours, and where a preset and a live model keep it."""

from __future__ import annotations

from g4lab.checkpoints.rules import Rule, Table, row
from g4lab.encoder_config import BOUNDS


def _linear(theirs: str, ours: str, layout: str) -> tuple[Rule, ...]:
    """A linear map and, where it is clipped, its bounds."""
    kernel = row(f"{theirs}/dense/kernel", f"{ours}.kernel", layout)
    return (kernel, *(row(f"{theirs}/{bound}", f"{ours}.{bound}", "x -> ") for bound in BOUNDS))


def _scale(theirs: str, ours: str) -> Rule:
    return row(f"{theirs}/scale", f"{ours}.scale", "d -> d")


def _half_feedforward(theirs: str, ours: str) -> tuple[Rule, ...]:
    return (
        _scale(f"{theirs}/pre_norm", f"{ours}.norm"),
        *_linear(f"{theirs}/ffw_1", f"{ours}.up", "df -> df"),
        *_linear(f"{theirs}/ffw_2", f"{ours}.down", "fd -> fd"),
        _scale(f"{theirs}/post_norm", f"{ours}.post_norm"),
    )


_SEEN, _VISION = "vision/block_{i}", "vision.layers.{i}"
_HEARD, _AUDIO = "audio/block_{i}", "audio.layers.{i}"

ENCODERS = Table(
    (
        row("vision/patch_embedder/input_proj/kernel", "vision.patches.projection.kernel", "pd -> pd"),
        row("vision/patch_embedder/position_embedding_table", "vision.patches.positions", "apd -> apd"),
        _scale(f"{_SEEN}/pre_attention_norm", f"{_VISION}.attention_norm"),
        *_linear(f"{_SEEN}/attention/query_dense", f"{_VISION}.attention.query", "dnh -> ndh"),
        *_linear(f"{_SEEN}/attention/key_dense", f"{_VISION}.attention.key", "dnh -> ndh"),
        *_linear(f"{_SEEN}/attention/value_dense", f"{_VISION}.attention.value", "dnh -> ndh"),
        *_linear(f"{_SEEN}/attention/output_dense", f"{_VISION}.attention.output", "nhd -> nhd"),
        _scale(f"{_SEEN}/attention/query_norm", f"{_VISION}.attention.query_norm"),
        _scale(f"{_SEEN}/attention/key_norm", f"{_VISION}.attention.key_norm"),
        _scale(f"{_SEEN}/post_attention_norm", f"{_VISION}.attention_post_norm"),
        _scale(f"{_SEEN}/pre_ffw_norm", f"{_VISION}.feedforward_norm"),
        *_linear(f"{_SEEN}/gating_ffw", f"{_VISION}.feedforward.gate", "df -> df"),
        *_linear(f"{_SEEN}/gating_ffw_2", f"{_VISION}.feedforward.up", "df -> df"),
        *_linear(f"{_SEEN}/ffw_linear", f"{_VISION}.feedforward.down", "fd -> fd"),
        _scale(f"{_SEEN}/post_ffw_norm", f"{_VISION}.feedforward_post_norm"),
        row("vision/output/std_bias", "vision.std_bias", "d -> d"),
        row("vision/output/std_scale", "vision.std_scale", "d -> d"),
        row("vision/output/vision_input_projection/kernel", "vision.embedding.projection.kernel", "ed -> ed"),
        row("audio/subsampling/conv_0/conv/kernel", "audio.subsampling.first.kernel", "rsio -> rsio"),
        row("audio/subsampling/conv_0/norm/gamma", "audio.subsampling.first.scale", "d -> d"),
        row("audio/subsampling/conv_1/conv/kernel", "audio.subsampling.second.kernel", "rsio -> rsio"),
        row("audio/subsampling/conv_1/norm/gamma", "audio.subsampling.second.scale", "d -> d"),
        row("audio/subsampling/input_proj/kernel", "audio.subsampling.projection.kernel", "fd -> fd"),
        *_half_feedforward(f"{_HEARD}/ffw_start", f"{_AUDIO}.first"),
        _scale(f"{_HEARD}/attention/pre_attn_norm", f"{_AUDIO}.attention_norm"),
        *_linear(f"{_HEARD}/attention/attn/q_proj", f"{_AUDIO}.attention.query", "dnh -> d(nh)"),
        *_linear(f"{_HEARD}/attention/attn/k_proj", f"{_AUDIO}.attention.key", "dnh -> d(nh)"),
        *_linear(f"{_HEARD}/attention/attn/v_proj", f"{_AUDIO}.attention.value", "dnh -> d(nh)"),
        *_linear(f"{_HEARD}/attention/out_proj", f"{_AUDIO}.attention.output", "nhd -> (nh)d"),
        row(f"{_HEARD}/attention/attn/rpe/pos_proj", f"{_AUDIO}.attention.distance.kernel", "dnh -> d(nh)"),
        row(f"{_HEARD}/attention/attn/per_dim_scale", f"{_AUDIO}.attention.feature_scale", "h -> h"),
        _scale(f"{_HEARD}/attention/post_norm", f"{_AUDIO}.attention_post_norm"),
        _scale(f"{_HEARD}/lconv/pre_norm", f"{_AUDIO}.convolution.norm"),
        *_linear(f"{_HEARD}/lconv/linear_start", f"{_AUDIO}.convolution.start", "de -> de"),
        row(f"{_HEARD}/lconv/depthwise_conv/kernel", f"{_AUDIO}.convolution.kernel", "kdo -> kdo"),
        _scale(f"{_HEARD}/lconv/conv_norm", f"{_AUDIO}.convolution.post_norm"),
        *_linear(f"{_HEARD}/lconv/linear_end", f"{_AUDIO}.convolution.end", "de -> de"),
        *_half_feedforward(f"{_HEARD}/ffw_end", f"{_AUDIO}.second"),
        _scale(f"{_HEARD}/norm", f"{_AUDIO}.norm"),
        row("audio/output_proj/kernel", "audio.output.kernel", "de -> de"),
        row("audio/output_proj/bias", "audio.bias", "d -> d"),
        row("audio/audio_output_projection/kernel", "audio.embedding.projection.kernel", "ed -> ed"),
    )
)

_FILE = {
    "vision/block": "layers/gemma4_vision_encoder_block/encoder_blocks/gemma4_vision_decoder_block",
    "vision/patch_embedder": "layers/gemma4_vision_encoder_block/patch_embedder",
    "vision/output": "layers/gemma4_vision_output",
    "audio/block": "conformer_blocks/gemma4_audio_conformer_block",
    "audio/subsampling": "layers/gemma4_audio_sub_sample_conv_projection",
    "audio/output_proj": "layers/dense",
    "audio/audio_output_projection": "audio_output_projection",
}
"""Where a preset's file keeps an encoder's parts, inside layers/gemma4_<kind>_encoder."""
_NUMBERS = {name: number for number, name in enumerate(BOUNDS)} | {"bias": 1, "std_scale": 1}


def h5_path(name: str) -> str:
    """Where a preset's file keeps the variable that the table calls `name`."""
    kind, part, *middle, variable = name.split("/")
    if part.startswith("block_"):
        number = part.removeprefix("block_")
        home = _FILE[f"{kind}/block"] + ("" if number == "0" else f"_{number}")
    else:
        home = _FILE[f"{kind}/{part}"]
    number = str(_NUMBERS.get(variable, 0))
    return "/".join([f"layers/gemma4_{kind}_encoder", home, *middle, "vars", number])


def live_part(backbone, kind: str, part: str):
    """The part of a live backbone that a name of the table begins with."""
    if kind == "vision":
        blocks = backbone.vision_encoder.get_layer("image_encoder")
        if part == "output":
            return backbone.vision_encoder.get_layer("vision_output_encoder")
        if part.startswith("block_"):
            return blocks.encoder_blocks[int(part.removeprefix("block_"))]
        return getattr(blocks, part)
    if part.startswith("block_"):
        return backbone.audio_encoder.conformer_blocks[int(part.removeprefix("block_"))]
    return getattr(backbone.audio_encoder, {"subsampling": "subsample_conv_projection"}.get(part, part))
