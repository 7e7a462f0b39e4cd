"""transformers' own Gemma 4 of every config, with random weights: `python -m ... make|reload DIRECTORY`.

`make` saves each model, its logits, what its modules put out, and for some models its gradients. `reload` reads the
directories that g4lab saved.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import Gemma4Config, Gemma4ForCausalLM, Gemma4ForConditionalGeneration, Gemma4TextConfig

from g4lab.config import TextConfig
from tests.parity.workshop import WITH_GRADIENTS, Workshop, cotangent, tokens

LAYER_TYPES = {"local": "sliding_attention", "global": "full_attention"}
# What a module of transformers puts out, and our sites with the same values.
SITES = {
    "embed_tokens": ("embedding",),
    "layers.{i}.post_attention_layernorm": ("layers.{i}.attention.output",),
    "layers.{i}.post_feedforward_layernorm_1": ("layers.{i}.dense.output",),
    "layers.{i}.router": (
        "layers.{i}.router.probabilities",
        "layers.{i}.experts.weights",
        "layers.{i}.router.experts",
    ),
    "layers.{i}.post_feedforward_layernorm_2": ("layers.{i}.experts.output",),
    "layers.{i}.post_feedforward_layernorm": ("layers.{i}.feedforward.output",),
    "layers.{i}.post_per_layer_input_norm": ("layers.{i}.ple.output",),
    "layers.{i}": ("layers.{i}.residual",),
    "norm": ("final_norm.output",),
}
# transformers' own loops, which take any width; its fused kernels want multiples of 16 bytes.
PLAIN = {"attn_implementation": "eager", "experts_implementation": "eager"}
SHARDED = "like-e2b"
MULTIMODAL = "like-26b"


def their_config(config: TextConfig) -> Gemma4TextConfig:
    """Written out by hand, so that g4lab's own conversion is compared with something."""
    return Gemma4TextConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.width,
        intermediate_size=config.feedforward,
        num_hidden_layers=len(config.kinds),
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads,
        num_global_key_value_heads=config.global_kv_heads,
        head_dim=config.head_dim,
        global_head_dim=config.global_head_dim,
        rms_norm_eps=config.norm_eps,
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": config.local_theta},
            "full_attention": {
                "rope_type": "proportional",
                "rope_theta": config.global_theta,
                "partial_rotary_factor": config.rotary_fraction,
            },
        },
        sliding_window=config.window,
        layer_types=[LAYER_TYPES[kind] for kind in config.kinds],
        final_logit_softcapping=config.softcap,
        vocab_size_per_layer_input=config.ple_vocab_size,
        hidden_size_per_layer_input=config.ple_dim,
        attention_k_eq_v=config.key_is_value,
        num_kv_shared_layers=config.shared_layers,
        enable_moe_block=config.experts > 0,
        use_double_wide_mlp=config.double_wide,
        num_experts=config.experts or None,
        top_k_experts=config.chosen or None,
        moe_intermediate_size=config.expert_feedforward or None,
        **PLAIN,
    )


@torch.no_grad()
def randomise(model: torch.nn.Module, seed: int) -> None:
    """Draw every weight so that each part matters: no scale is 1, and the logits spread.

    What a layer adds stays smaller than the stream that it adds to, and attention stays soft: otherwise a random
    network is chaotic, and rounding alone grows beyond the tolerance on its way up.
    """
    generator = torch.Generator().manual_seed(seed)
    scalars = [(name, buffer) for name, buffer in model.named_buffers() if name.endswith("layer_scalar")]
    for name, tensor in (*model.named_parameters(), *scalars):
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith("layer_scalar"):
            tensor.copy_(0.8 + 0.1 * noise)
        elif "post_" in name or name.endswith(("q_norm.weight", "k_norm.weight")):
            tensor.copy_(0.5 + 0.15 * noise)
        elif name.endswith(("norm.weight", "scale", "layernorm.weight", "_2.weight")):
            tensor.copy_(1 + 0.3 * noise)
        elif name.endswith("embed_tokens.weight"):
            tensor.copy_(1.5 * noise / tensor.shape[1] ** 0.5)
        else:
            tensor.copy_(noise / tensor.shape[-1] ** 0.5)


def forward(model: Gemma4ForCausalLM, ids: np.ndarray) -> torch.Tensor:
    # Asking for hidden states avoids a shortcut that fails where layers share K/V and there is no PLE
    # (`_maybe_slice_kv_shared_inputs` slices None).
    return model(torch.from_numpy(ids).long(), use_cache=False, output_hidden_states=True).logits


def sites(model: Gemma4ForCausalLM, ids: np.ndarray) -> dict[str, np.ndarray]:
    """The logits, and what the modules named in SITES put out, in the order in which they ran."""
    modules = dict(model.model.named_modules())
    found: dict[str, torch.Tensor] = {}
    hooks = [
        modules[theirs.format(i=i)].register_forward_hook(partial(keep, found, [site.format(i=i) for site in ours]))
        for i in range(len(model.model.layers))
        for theirs, ours in SITES.items()
        if theirs.format(i=i) in modules
    ]
    logits = forward(model, ids)
    for hook in hooks:
        hook.remove()
    # The mixture's modules see [B*T,...].
    return {site: value.reshape(*ids.shape, -1).numpy() for site, value in found.items()} | {"logits": logits.numpy()}


def keep(found: dict[str, torch.Tensor], names: list[str], module, inputs, output) -> None:
    values = output if isinstance(output, tuple) else (output,)
    for name, value in zip(names, values, strict=True):
        found[name] = value.clone()  # a layer multiplies its result in place afterwards


def make(shop: Workshop) -> None:
    for seed, config in enumerate(shop.configs()):
        theirs = their_config(config)
        if config.name == MULTIMODAL:
            vision = {
                "hidden_size": 16,
                "intermediate_size": 24,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "head_dim": 8,
                "position_embedding_size": 32,
            }
            whole = Gemma4ForConditionalGeneration(Gemma4Config(text_config=theirs, vision_config=vision))
            randomise(whole, seed)
            whole.save_pretrained(shop.checkpoint("theirs", "huggingface", config.name))
            model = Gemma4ForCausalLM(theirs)
            model.model.load_state_dict(whole.model.language_model.state_dict())
            model.tie_weights()
        else:
            model = Gemma4ForCausalLM(theirs)
            randomise(model, seed)
            limit = "60KB" if config.name == SHARDED else "1GB"
            model.save_pretrained(shop.checkpoint("theirs", "huggingface", config.name), max_shard_size=limit)
        model.eval()
        with torch.no_grad():
            shop.save("transformers", config.name, **sites(model, tokens(config)))
        if config.name in WITH_GRADIENTS:
            (forward(model, tokens(config)) * torch.from_numpy(cotangent(config))).sum().backward()
            gradients = {name: value.grad.numpy() for name, value in model.named_parameters() if value.grad is not None}
            shop.save("transformers-gradients", config.name, **gradients)


def reload(shop: Workshop) -> None:
    for config in shop.configs():
        model = Gemma4ForCausalLM.from_pretrained(shop.checkpoint("ours", "huggingface", config.name), **PLAIN).eval()
        with torch.no_grad():
            logits = forward(model, tokens(config))
        shop.save("transformers-reloaded", config.name, logits=logits.numpy())


if __name__ == "__main__":
    {"make": make, "reload": reload}[sys.argv[1]](Workshop(Path(sys.argv[2])))
