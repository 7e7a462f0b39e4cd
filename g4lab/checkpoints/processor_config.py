"""processor_config.json: how media become the arrays that the encoders read, as far as it differs between models."""

from __future__ import annotations

from g4lab.config import TextConfig

FILE = "processor_config.json"


def processor_fields(values: dict) -> tuple[dict, dict]:
    """The fields of VisionConfig and of AudioConfig that a processor_config.json knows; {} is no such file."""
    image, video = values.get("image_processor") or {}, values.get("video_processor") or {}
    sound = values.get("feature_extractor") or {}
    vision = {"budget": image.get("max_soft_tokens"), "frame_budget": video.get("max_soft_tokens")}
    vision["frames"] = video.get("num_frames")
    return (
        {name: value for name, value in vision.items() if value is not None},
        {"mel_bins": sound["feature_size"]} if sound.get("feature_size") else {},
    )


def processor_json(config: TextConfig) -> dict:
    """The processor_config.json of a model with encoders: transformers and keras-hub read it.

    transformers' own processors refuse a `max_soft_tokens` other than 70, 140, 280, 560 and 1,120.
    """
    values: dict = {"processor_class": "Gemma4Processor"}
    if config.vision:
        vision = config.vision
        picture = {
            "do_convert_rgb": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": [0.0, 0.0, 0.0],
            "image_std": [1.0, 1.0, 1.0],
            "patch_size": vision.patch_size,
            "pooling_kernel_size": vision.pooling,
            "resample": 3,
            "rescale_factor": 1 / 255,
        }
        values["image_seq_length"] = vision.budget
        values["image_processor"] = picture | {
            "image_processor_type": "Gemma4ImageProcessor",
            "do_normalize": False,
            "max_soft_tokens": vision.budget,
        }
        values["video_processor"] = picture | {
            "video_processor_type": "Gemma4VideoProcessor",
            "do_normalize": True,
            "do_sample_frames": True,
            "max_soft_tokens": vision.frame_budget,
            "num_frames": vision.frames,
        }
    if config.audio:
        values |= {"audio_ms_per_token": 40, "audio_seq_length": 750}
        values["feature_extractor"] = {
            "feature_extractor_type": "Gemma4AudioFeatureExtractor",
            "feature_size": config.audio.mel_bins,
            "fft_length": 512,
            "frame_length": 320,
            "hop_length": 160,
            "max_frequency": 8000.0,
            "mel_floor": 0.001,
            "min_frequency": 0.0,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": True,
            "sampling_rate": 16_000,
        }
    return values
