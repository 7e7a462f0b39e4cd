"""Everything that depends on the backend: the only file that names JAX, TensorFlow or PyTorch."""

from __future__ import annotations

import importlib.util
import math
import mmap
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache

import ml_dtypes
import numpy as np

from g4lab.errors import SetupError

BACKENDS = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}
"""Backends and the module each needs, in the order in which g4lab prefers them."""

_TENSORFLOW_ALIGNMENT = 64  # bytes; its kernels stop the process at anything less


def installed_backends() -> list[str]:
    """The backends whose module can be found, the preferred one first; imports none of them."""
    return [name for name, module in BACKENDS.items() if importlib.util.find_spec(module)]


def choose_backend() -> str:
    """Settle the backend before Keras is imported: KERAS_BACKEND if set, else the first one installed."""
    if "keras" in sys.modules:
        loaded = sys.modules["keras"].config.backend()
        wanted = os.environ.get("KERAS_BACKEND", loaded)
        if wanted != loaded:
            raise SetupError(
                f"KERAS_BACKEND is {wanted!r}, but Keras was already imported with {loaded!r}",
                "this Python process",
                "restart the kernel and set KERAS_BACKEND before the first import",
            )
        return _supported(loaded)
    if not os.environ.get("KERAS_BACKEND"):
        found = installed_backends()
        if not found:
            raise SetupError(
                "no Keras backend is installed", "this Python environment", 'run: pip install "g4lab[jax]"'
            )
        os.environ["KERAS_BACKEND"] = found[0]
    return _supported(os.environ["KERAS_BACKEND"])


def _supported(name: str) -> str:
    if name not in BACKENDS:
        raise SetupError(f"backend {name!r} is not supported", "KERAS_BACKEND", f"choose one of {', '.join(BACKENDS)}")
    return name


@cache
def backend() -> str:
    """The backend that Keras runs on."""
    return choose_backend()


_open_shapes: ContextVar[bool] = ContextVar("TensorFlow traces a function without XLA", default=False)


def shapes_may_follow_data() -> bool:
    """True where the shape of an array may depend on the numbers in another: not in what XLA compiles."""
    return backend() == "torch" or _open_shapes.get()


def size_of(number):
    """An integer scalar of the backend as what a shape may hold."""
    return number if backend() == "tensorflow" else int(number)


def compiles() -> bool:
    """True when `compile` traces once per shape, so that it pays to keep to few shapes."""
    return backend() != "torch"


def compile(fn: Callable, network, donate: tuple[int, ...] = ()) -> Callable:
    """A compiled `fn(*arrays)` that uses variables of `network` and computes no gradients.

    Instead of a network, the variables themselves: fewer than it has, where `fn` uses only a part of it.

    JAX and TensorFlow trace `fn` once per combination of input shapes; PyTorch runs it as it is. Arguments and
    results are nested tuples, lists and dicts of arrays. `donate` lists arguments that JAX may overwrite.
    """
    if backend() == "jax":
        return _compile_jax(fn, network, donate)
    if backend() == "tensorflow":
        import tensorflow as tf

        def traced(*args):
            token = _open_shapes.set(True)
            try:
                return fn(*args)
            finally:
                _open_shapes.reset(token)

        return tf.function(traced, autograph=False)
    return _without_gradients(fn)


def _compile_jax(fn, network, donate):
    import jax
    from keras import StatelessScope

    variables = network if isinstance(network, list) else network.variables

    def pure(values, *args):
        with StatelessScope(state_mapping=zip(variables, values, strict=True)):
            return fn(*args)

    compiled = jax.jit(pure, donate_argnums=tuple(1 + i for i in donate))
    return lambda *args: compiled([variable.value for variable in variables], *args)


def _without_gradients(fn):
    import torch
    from keras import ops, tree

    def run(*args):
        with torch.inference_mode():
            return fn(*tree.map_structure(ops.convert_to_tensor, args))

    return run


def value_of(variable):
    """The present value of a Keras variable as a tensor, not copied."""
    if backend() == "tensorflow":
        import tensorflow as tf

        return tf.convert_to_tensor(variable.value)
    return variable.value


def to_numpy(x) -> np.ndarray:
    """An array of the backend as numpy; bfloat16 becomes float32, which holds it exactly."""
    from keras import ops

    if "bfloat16" in str(x.dtype):
        x = ops.cast(x, "float32")
    return np.asarray(ops.convert_to_numpy(x))


def pages(shape: tuple[int, ...], dtype: str | np.dtype) -> np.ndarray:
    """Zeros in memory pages of their own: unwritten pages take no memory, and freed ones go back at once.

    Their address is a multiple of a page, as `share` wants it.
    """
    dtype = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    count = math.prod(shape)
    return np.frombuffer(mmap.mmap(-1, max(1, count * dtype.itemsize)), dtype, count).reshape(shape)


def share(array: np.ndarray):
    """A numpy array as a tensor of the backend, in the same memory where they can share it.

    The tensor takes the memory over: do not write to the array afterwards.
    """
    bfloat16 = array.dtype.name == "bfloat16"
    if backend() == "jax":
        import jax

        return jax.device_put(array, may_alias=True)
    if backend() == "torch":
        import torch

        # torch knows no bfloat16 of numpy's; the bits are the same.
        return torch.from_numpy(array.view("int16")).view(torch.bfloat16) if bfloat16 else torch.from_numpy(array)
    import tensorflow as tf

    if array.ctypes.data % _TENSORFLOW_ALIGNMENT or not (array.flags.c_contiguous and array.flags.writeable):
        aligned = pages(array.shape, array.dtype)
        aligned[...] = array
        array = aligned
    tensor = tf.experimental.dlpack.from_dlpack((array.view("uint16") if bfloat16 else array).__dlpack__())
    return tf.bitcast(tensor, tf.bfloat16) if bfloat16 else tensor


def assign(variable, array: np.ndarray) -> None:
    """Set a Keras variable to a numpy array of its shape and dtype, without a second copy of it.

    The variable may take the array's memory over: do not write to it afterwards.
    """
    if backend() == "torch":
        import torch

        with torch.no_grad():
            variable.value.copy_(share(array))
    else:
        variable.assign(share(array))


def reshape(x, shape: tuple):
    """`x` in another shape; on PyTorch without Keras' checks, which take longer than the view itself."""
    if backend() == "torch":
        return x.reshape(shape)
    from keras import ops

    return ops.reshape(x, shape)


def put(buffer, index, value, axis: int = 0):
    """`buffer` with `value` written from `index` on along `axis`.

    Shapes: value has buffer's shape except along `axis`. PyTorch writes in place: use the result only, and only
    where no gradient is taken.
    """
    if backend() == "torch":
        buffer.narrow(axis, int(index), value.shape[axis]).copy_(value)
        return buffer
    if backend() == "jax":
        import jax

        return jax.lax.dynamic_update_slice_in_dim(buffer, value.astype(buffer.dtype), index, axis)
    from keras import ops

    start = [index if i == axis % len(buffer.shape) else 0 for i in range(len(buffer.shape))]
    return ops.slice_update(buffer, start, ops.cast(value, buffer.dtype))


def accumulate(buffer, index, value):
    """`buffer` with `value` added to `buffer[index]`; PyTorch adds in place, as in `put`."""
    if backend() == "torch":
        buffer[index] += value
        return buffer
    if backend() == "jax":
        return buffer.at[index].add(value)
    import tensorflow as tf

    return tf.tensor_scatter_nd_add(buffer, [[index]], value[None])


def devices() -> list[str]:
    """The devices that the backend computes on."""
    if backend() == "jax":
        import jax

        return [str(device) for device in jax.devices()]
    if backend() == "torch":
        import torch

        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] or ["cpu"]
    import tensorflow as tf

    return [device.name for device in tf.config.list_logical_devices()]
