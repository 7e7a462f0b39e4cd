"""The architecture. Importing it settles the backend, so that Keras does not settle it otherwise."""

from g4lab import runtime

if runtime.installed_backends():  # without any, the layer plan can still be read
    runtime.choose_backend()
