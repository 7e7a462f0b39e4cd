"""Which tensor of the Hugging Face layout is which parameter of the encoders."""

from __future__ import annotations

from g4lab.checkpoints.rules import Rule, Table, row
from g4lab.encoder_config import BOUNDS


def _linear(theirs: str, ours: str, layout: str) -> tuple[Rule, ...]:
    """A linear map and, where it is clipped, its bounds."""
    kernel = row(f"{theirs}.linear.weight", f"{ours}.kernel", layout)
    return (kernel, *(row(f"{theirs}.{bound}", f"{ours}.{bound}", "x -> ") for bound in BOUNDS))


def _scale(theirs: str, ours: str) -> Rule:
    return row(f"{theirs}.weight", f"{ours}.scale", "d -> d")


def _attention(theirs: str, ours: str, output: str) -> tuple[Rule, ...]:
    return (
        *_linear(f"{theirs}.q_proj", f"{ours}.query", "dnh -> (nh)d"),
        *_linear(f"{theirs}.k_proj", f"{ours}.key", "dnh -> (nh)d"),
        *_linear(f"{theirs}.v_proj", f"{ours}.value", "dnh -> (nh)d"),
        *_linear(f"{theirs}.{output}", f"{ours}.output", "nhd -> d(nh)"),
    )


def _half_feedforward(theirs: str, ours: str) -> tuple[Rule, ...]:
    return (
        _scale(f"{theirs}.pre_layer_norm", f"{ours}.norm"),
        *_linear(f"{theirs}.ffw_layer_1", f"{ours}.up", "df -> fd"),
        *_linear(f"{theirs}.ffw_layer_2", f"{ours}.down", "fd -> df"),
        _scale(f"{theirs}.post_layer_norm", f"{ours}.post_norm"),
    )


_SEEN, _VISION = "vision_tower.encoder.layers.{i}", "vision.layers.{i}"
_HEARD, _AUDIO = "audio_tower.layers.{i}", "audio.layers.{i}"
_CONVOLUTIONS = "audio_tower.subsample_conv_projection"

ENCODERS = Table(
    (
        row("vision_tower.patch_embedder.input_proj.weight", "vision.patches.projection.kernel", "pd -> dp"),
        row("vision_tower.patch_embedder.position_embedding_table", "vision.patches.positions", "apd -> apd"),
        *_attention(f"{_SEEN}.self_attn", f"{_VISION}.attention", "o_proj"),
        _scale(f"{_SEEN}.self_attn.q_norm", f"{_VISION}.attention.query_norm"),
        _scale(f"{_SEEN}.self_attn.k_norm", f"{_VISION}.attention.key_norm"),
        *_linear(f"{_SEEN}.mlp.gate_proj", f"{_VISION}.feedforward.gate", "df -> fd"),
        *_linear(f"{_SEEN}.mlp.up_proj", f"{_VISION}.feedforward.up", "df -> fd"),
        *_linear(f"{_SEEN}.mlp.down_proj", f"{_VISION}.feedforward.down", "fd -> df"),
        _scale(f"{_SEEN}.input_layernorm", f"{_VISION}.attention_norm"),
        _scale(f"{_SEEN}.post_attention_layernorm", f"{_VISION}.attention_post_norm"),
        _scale(f"{_SEEN}.pre_feedforward_layernorm", f"{_VISION}.feedforward_norm"),
        _scale(f"{_SEEN}.post_feedforward_layernorm", f"{_VISION}.feedforward_post_norm"),
        row("vision_tower.std_bias", "vision.std_bias", "d -> d"),
        row("vision_tower.std_scale", "vision.std_scale", "d -> d"),
        row("embed_vision.embedding_projection.weight", "vision.embedding.projection.kernel", "ed -> de"),
        row(f"{_CONVOLUTIONS}.layer0.conv.weight", "audio.subsampling.first.kernel", "rsio -> oirs"),
        _scale(f"{_CONVOLUTIONS}.layer0.norm", "audio.subsampling.first"),
        row(f"{_CONVOLUTIONS}.layer1.conv.weight", "audio.subsampling.second.kernel", "rsio -> oirs"),
        _scale(f"{_CONVOLUTIONS}.layer1.norm", "audio.subsampling.second"),
        row(f"{_CONVOLUTIONS}.input_proj_linear.weight", "audio.subsampling.projection.kernel", "fd -> df"),
        *_half_feedforward(f"{_HEARD}.feed_forward1", f"{_AUDIO}.first"),
        _scale(f"{_HEARD}.norm_pre_attn", f"{_AUDIO}.attention_norm"),
        *_attention(f"{_HEARD}.self_attn", f"{_AUDIO}.attention", "post"),
        row(f"{_HEARD}.self_attn.relative_k_proj.weight", f"{_AUDIO}.attention.distance.kernel", "dnh -> (nh)d"),
        row(f"{_HEARD}.self_attn.per_dim_scale", f"{_AUDIO}.attention.feature_scale", "h -> h"),
        _scale(f"{_HEARD}.norm_post_attn", f"{_AUDIO}.attention_post_norm"),
        _scale(f"{_HEARD}.lconv1d.pre_layer_norm", f"{_AUDIO}.convolution.norm"),
        *_linear(f"{_HEARD}.lconv1d.linear_start", f"{_AUDIO}.convolution.start", "de -> ed"),
        row(f"{_HEARD}.lconv1d.depthwise_conv1d.weight", f"{_AUDIO}.convolution.kernel", "kdo -> dok"),
        _scale(f"{_HEARD}.lconv1d.conv_norm", f"{_AUDIO}.convolution.post_norm"),
        *_linear(f"{_HEARD}.lconv1d.linear_end", f"{_AUDIO}.convolution.end", "de -> ed"),
        *_half_feedforward(f"{_HEARD}.feed_forward2", f"{_AUDIO}.second"),
        _scale(f"{_HEARD}.norm_out", f"{_AUDIO}.norm"),
        row("audio_tower.output_proj.weight", "audio.output.kernel", "de -> ed"),
        row("audio_tower.output_proj.bias", "audio.bias", "d -> d"),
        row("embed_audio.embedding_projection.weight", "audio.embedding.projection.kernel", "ed -> de"),
    )
)
