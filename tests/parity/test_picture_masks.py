"""Who sees whom around pictures, as the weights of transformers' own forward pass say it."""

import numpy as np
import pytest

from g4lab.tracing.attention import visible_keys

pytestmark = [pytest.mark.parity, pytest.mark.slow]

LENGTH = 12


@pytest.mark.parametrize("window", [2, 3, 5, 9])
@pytest.mark.parametrize("spans", [[(1, 4)], [(2, 5), (6, 11)], [(0, 12)]])
def test_local_and_global_masks(window, spans):
    import torch
    from transformers import Gemma4Config, Gemma4ForConditionalGeneration, Gemma4TextConfig

    torch.manual_seed(0)
    text = Gemma4TextConfig(
        vocab_size=64,
        vocab_size_per_layer_input=64,
        hidden_size=32,
        intermediate_size=32,
        hidden_size_per_layer_input=0,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        global_head_dim=16,
        num_hidden_layers=2,
        num_kv_shared_layers=0,
        layer_types=["sliding_attention", "full_attention"],
        sliding_window=window,
        use_bidirectional_attention="vision",
    )
    config = Gemma4Config(text_config=text, vision_config=None, audio_config=None, image_token_id=63)
    config._attn_implementation = "eager"
    model = Gemma4ForConditionalGeneration(config).eval()
    kinds = torch.zeros((1, LENGTH), dtype=torch.long)
    for start, end in spans:
        kinds[0, start:end] = 1
    with torch.no_grad():
        weights = model(
            input_ids=torch.arange(1, LENGTH + 1)[None], mm_token_type_ids=kinds, output_attentions=True
        ).attentions
    # A weight is exactly 0 where the mask hides the key, and only there: scores this small never underflow.
    for name, layer, ours in (
        ("sliding_attention", 0, visible_keys(LENGTH, window, spans)),
        ("full_attention", 1, visible_keys(LENGTH, None)),
    ):
        np.testing.assert_array_equal(weights[layer][0, 0].numpy() > 0, ours, name)
