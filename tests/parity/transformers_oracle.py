"""transformers' own Gemma 4 of every config, with random weights: `python -m ... make|reload DIRECTORY`.

`make` saves each model, its logits, what its modules put out, and for some models its gradients. `reload` reads the
directories that g4lab saved.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from transformers import Gemma4Config, Gemma4ForCausalLM, Gemma4ForConditionalGeneration, Gemma4TextConfig

from g4lab.config import TextConfig
from tests.parity.workshop import WITH_GRADIENTS, Workshop, cotangent, tokens

LAYER_TYPES = {"local": "sliding_attention", "global": "full_attention"}
# What a module of transformers puts out, and the site of ours with the same value.
SITES = {
    "embed_tokens": "embedding",
    "layers.{i}.post_attention_layernorm": "layers.{i}.attention.output",
    "layers.{i}.post_feedforward_layernorm_1": "layers.{i}.dense.output",
    "layers.{i}.post_feedforward_layernorm_2": "layers.{i}.experts.output",
    "layers.{i}.post_feedforward_layernorm": "layers.{i}.feedforward.output",
    "layers.{i}.post_per_layer_input_norm": "layers.{i}.ple.output",
    "layers.{i}": "layers.{i}.residual",
    "norm": "final_norm.output",
    "lm_head": "logits",
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
    """Draw every weight so that each part matters: no scale is 1, and the logits spread."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith("layer_scalar"):
            tensor.copy_(0.8 + 0.1 * noise)
        elif name.endswith(("norm.weight", "scale", "layernorm.weight", "_1.weight", "_2.weight")):
            tensor.copy_(1 + 0.3 * noise)
        elif name.endswith("embed_tokens.weight"):
            tensor.copy_(1.5 * noise / tensor.shape[1] ** 0.5)
        elif tensor.is_floating_point() and tensor.ndim > 1:
            tensor.copy_(noise / tensor.shape[-1] ** 0.5)


def logits_and_sites(model: Gemma4ForCausalLM, ids: torch.Tensor) -> tuple[torch.Tensor, dict[str, np.ndarray]]:
    modules = dict(model.model.named_modules()) | {"lm_head": model.lm_head}
    found, hooks = {}, []
    for i in range(len(model.model.layers)):
        for theirs, ours in SITES.items():
            module = modules.get(theirs.format(i=i))
            if module is not None:

                def keep(module, inputs, output, site=ours.format(i=i)):
                    # `layers.i` multiplies its result in place by the layer's scalar: a copy keeps what is now.
                    found[site] = output.detach().clone().numpy()

                hooks.append(module.register_forward_hook(keep))
    logits = model(ids, use_cache=False).logits
    for hook in hooks:
        hook.remove()
    shape = (*ids.shape, -1)
    return logits, {site: value.reshape(shape) for site, value in found.items()} | {"logits": logits.detach().numpy()}


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
        ids = torch.from_numpy(tokens(config)).long()
        with torch.no_grad():
            logits, sites = logits_and_sites(model, ids)
        shop.save("transformers", config.name, **sites)
        if config.name in WITH_GRADIENTS:
            (model(ids, use_cache=False).logits * torch.from_numpy(cotangent(config))).sum().backward()
            gradients = {name: value.grad.numpy() for name, value in model.named_parameters() if value.grad is not None}
            shop.save("transformers-gradients", config.name, **gradients)


def reload(shop: Workshop) -> None:
    for config in shop.configs():
        model = Gemma4ForCausalLM.from_pretrained(shop.checkpoint("ours", "huggingface", config.name), **PLAIN).eval()
        with torch.no_grad():
            logits = model(torch.from_numpy(tokens(config)).long(), use_cache=False).logits
        shop.save("transformers-reloaded", config.name, logits=logits.numpy())


if __name__ == "__main__":
    {"make": make, "reload": reload}[sys.argv[1]](Workshop(Path(sys.argv[2])))
