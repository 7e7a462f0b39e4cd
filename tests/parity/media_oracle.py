"""transformers' own Gemma 4 with encoders: `python -m tests.parity.media_oracle make|reload DIRECTORY`.

`make` saves each model with random weights, its soft tokens, what its layers put out, and its logits for a text with
pictures, films and sounds. `reload` reads the directories that g4lab saved.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import Gemma4AudioConfig, Gemma4Config, Gemma4ForConditionalGeneration, Gemma4VisionConfig

from g4lab.config import AudioConfig, TextConfig, VisionConfig
from tests.parity.media_configs import FRAMES, all_media_configs, media, prompt
from tests.parity.transformers_oracle import PLAIN, keep, randomise, their_config
from tests.parity.workshop import Workshop

# What a module of transformers puts out, and our sites with the same values.
SITES = {
    "vision_tower.patch_embedder": "vision.patches",
    "vision_tower.encoder.layers.{i}.post_attention_layernorm": "vision.layers.{i}.attention.output",
    "vision_tower.encoder.layers.{i}": "vision.layers.{i}.residual",
    "audio_tower.subsample_conv_projection": "audio.frames",
    "audio_tower.layers.{i}.norm_post_attn": "audio.layers.{i}.attention.output",
    "audio_tower.layers.{i}": "audio.layers.{i}.residual",
    "audio_tower.output_proj": "audio.output",
}


def their_vision(config: VisionConfig) -> Gemma4VisionConfig:
    """Written out by hand, so that g4lab's own conversion is compared with something."""
    return Gemma4VisionConfig(
        hidden_size=config.width,
        intermediate_size=config.feedforward,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        head_dim=config.head_dim,
        rms_norm_eps=config.norm_eps,
        rope_parameters={"rope_type": "axial", "rope_theta": config.theta},
        pooling_kernel_size=config.pooling,
        patch_size=config.patch_size,
        position_embedding_size=config.positions,
        use_clipped_linears=config.clipped,
        standardize=config.standardised,
    )


def their_audio(config: AudioConfig) -> Gemma4AudioConfig:
    return Gemma4AudioConfig(
        hidden_size=config.width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        subsampling_conv_channels=list(config.channels),
        conv_kernel_size=config.kernel,
        residual_weight=config.residual_weight,
        attention_chunk_size=config.span,
        attention_context_left=config.span + 1,
        attention_logit_cap=config.softcap,
        use_clipped_linears=config.clipped,
        rms_norm_eps=config.norm_eps,
        gradient_clipping=config.limit,
        output_proj_dims=config.output_width,
    )


def build(config: TextConfig) -> Gemma4ForConditionalGeneration:
    text = their_config(config)
    text.use_bidirectional_attention = "vision" if config.bidirectional_images else None
    whole = Gemma4Config(
        text_config=text,
        vision_config=their_vision(config.vision),
        audio_config=their_audio(config.audio) if config.audio else None,
        image_token_id=config.image_id,
        video_token_id=config.video_id,
        audio_token_id=config.audio_id,
        boi_token_id=config.image_start_id,
        eoi_token_id=config.image_end_id,
    )
    return Gemma4ForConditionalGeneration._from_config(whole, **PLAIN)


@torch.no_grad()
def randomise_encoders(model: Gemma4ForConditionalGeneration, seed: int) -> None:
    """Draw every weight of the encoders so that each part matters, the bounds of clipped maps too."""
    generator = torch.Generator().manual_seed(1000 + seed)
    stored = (*model.model.named_parameters(), *model.model.named_buffers())
    for name, tensor in stored:
        if not name.startswith(("vision_tower", "audio_tower", "embed_vision", "embed_audio")):
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        bound = {"min": -1.0, "max": 1.0}.get(name[-3:])
        if bound:
            tensor.copy_(bound * (1 + 0.3 * noise.abs()))
        elif "inv_" in name or "softcap" in name:
            continue  # computed, not stored
        elif name.endswith("position_embedding_table"):
            tensor.copy_(0.5 * noise)
        elif name.endswith(("bias", "per_dim_scale")):
            tensor.copy_(0.7 * noise)
        elif "post_" in name or name.endswith(("q_norm.weight", "k_norm.weight")):
            tensor.copy_(0.5 + 0.15 * noise)
        elif tensor.ndim == 1:
            tensor.copy_(1 + 0.3 * noise)
        else:
            tensor.copy_(noise / np.prod(tensor.shape[1:]) ** 0.5)


def inputs(config: TextConfig) -> dict[str, torch.Tensor]:
    tokens, seen = torch.from_numpy(prompt(config)).long(), media(config)
    kinds = torch.zeros_like(tokens)
    for kind, token in enumerate((config.image_id, config.video_id, config.audio_id), 1):
        kinds[tokens == token] = kind
    given = {
        "input_ids": tokens,
        "mm_token_type_ids": kinds,
        "pixel_values": torch.from_numpy(seen["image"]["pixels"]),
        "image_position_ids": torch.from_numpy(seen["image"]["positions"]).long(),
        "pixel_values_videos": torch.from_numpy(seen["video"]["pixels"]),
        "video_position_ids": torch.from_numpy(seen["video"]["positions"]).long(),
        "num_frames_per_video": torch.tensor(FRAMES),
    }
    if config.audio:
        given["input_features"] = torch.from_numpy(seen["audio"]["mel"])
        given["input_features_mask"] = torch.from_numpy(seen["audio"]["valid"])
    return given


@torch.no_grad()
def logits(model: Gemma4ForConditionalGeneration, given: dict[str, torch.Tensor]) -> np.ndarray:
    return model(**given, use_cache=False, output_hidden_states=True).logits.numpy()


@torch.no_grad()
def soft_tokens(model: Gemma4ForConditionalGeneration, config: TextConfig) -> dict[str, np.ndarray]:
    """Soft tokens without filler, [R,D] of each kind, and what the layers put out for pictures and sounds."""
    given, found = inputs(config), {}
    modules, hooks = dict(model.model.named_modules()), []
    for theirs, ours in SITES.items():
        for i in range(2 if "{i}" in theirs else 1):
            module = modules.get(theirs.format(i=i))
            if module is not None:
                hooks.append(module.register_forward_hook(partial(keep_first, found, ours.format(i=i))))
    image = model.get_image_features(given["pixel_values"], given["image_position_ids"]).pooler_output
    found["image"] = torch.cat(image)
    if config.audio:
        heard = model.model.get_audio_features(given["input_features"], given["input_features_mask"])
        found["audio"] = heard.pooler_output[heard.attention_mask]
    for hook in hooks:
        hook.remove()
    film = (given["pixel_values_videos"], given["video_position_ids"], given["num_frames_per_video"])
    found["video"] = torch.cat(model.model.get_video_features(*film).pooler_output)
    return {name: value.numpy() for name, value in found.items()}


def keep_first(found: dict[str, torch.Tensor], name: str, module, inputs, output) -> None:
    keep(found, [name], module, inputs, output[0] if isinstance(output, tuple) else output)


def make(shop: Workshop) -> None:
    for seed, config in enumerate(all_media_configs()):
        model = build(config).eval()
        randomise(model, seed)
        randomise_encoders(model, seed)
        model.save_pretrained(shop.checkpoint("theirs", "huggingface", config.name))
        shop.save("media", config.name, logits=logits(model, inputs(config)), **soft_tokens(model, config))


def reload(shop: Workshop) -> None:
    for config in all_media_configs():
        directory = shop.checkpoint("ours", "huggingface", config.name)
        model = Gemma4ForConditionalGeneration.from_pretrained(directory, **PLAIN).eval()
        shop.save("media-reloaded", config.name, logits=logits(model, inputs(config)))


if __name__ == "__main__":
    {"make": make, "reload": reload}[sys.argv[1]](Workshop(Path(sys.argv[2])))
