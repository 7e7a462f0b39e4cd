"""The base of every layer inside the network."""

from __future__ import annotations

import keras


class Part(keras.layers.Layer):
    """A Keras layer that is built when it is made and called without ceremony.

    Shapes follow from the config, so a part creates its variables in its constructor. The network around the
    parts is an ordinary `keras.Model`; inside it, Keras' per-call checks (signature, autocast, masks: about 50
    microseconds, some 250 times a token) would be most of the time that eager PyTorch spends on a token.
    """

    def __init__(self, dtype=None):
        super().__init__(dtype=dtype)
        self.built = True

    def __call__(self, *args, **kwargs):
        return self.call(*args, **kwargs)
