"""Values of a circuit's parameters, as an array; the rules are those of Qiskit's primitives V2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bellpair.functions.errors import InvalidCall

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def bound_values(names: Sequence[str], parameters: Any) -> NDArray[np.float64]:
    """The values as one array of shape ``(*shape, len(names))``.

    Parameters
    ----------
    names
        The circuit's parameters, in its order.
    parameters
        - ``None`` for a circuit without parameters;
        - an array whose last axis is over the parameters, its other axes the shape of the
          sweep. With a single parameter that axis may be left out, unless the last one has
          length 1;
        - a mapping from a parameter, or its name, or a tuple of several, to such an array.

    Raises
    ------
    InvalidCall
        If values are missing or too many, their shapes differ, or they are no real numbers.
    """
    import numpy as np

    if parameters is None:
        parameters = {} if names else np.empty(0)
    if not isinstance(parameters, Mapping):
        parameters = {tuple(names): parameters}
    arrays = {_names(key): _array(_names(key), value) for key, value in parameters.items()}
    shape = _shape(arrays)
    columns: dict[str, Any] = {}
    for key, array in arrays.items():
        full = array[..., np.newaxis] if array.shape == shape and len(key) == 1 else array
        if full.shape != (*shape, len(key)):
            _refuse_shape(key, array.shape, shape)
        for index, name in enumerate(key):
            columns[name] = full[..., index]
    missing = [name for name in names if name not in columns]
    unknown = [name for name in columns if name not in names]
    if missing or unknown:
        raise InvalidCall(
            f"The circuit has the parameters {_listed(names)}; "
            + (f"{_listed(missing)} got no value." if missing else f"{_listed(unknown)} is none."),
            remedy="Give one value to each parameter, in the circuit's order or by name.",
        )
    if not names:
        return np.empty((*shape, 0))
    return np.stack([columns[name] for name in names], axis=-1)


def _names(key: Any) -> tuple[str, ...]:
    if isinstance(key, str):
        return (key,)
    if not isinstance(key, tuple | list) and not hasattr(key, "__iter__"):
        return (_name(key),)
    return tuple(map(_name, key))


def _name(parameter: Any) -> str:
    return parameter if isinstance(parameter, str) else str(getattr(parameter, "name", parameter))


def _array(key: tuple[str, ...], value: Any) -> NDArray[np.float64]:
    import numpy as np

    try:
        array = np.asarray(value)
        if array.dtype == object or array.dtype.kind not in "fiub":
            raise TypeError
        array = array.astype(float)
    except (TypeError, ValueError):
        raise InvalidCall(
            f"The values of {_listed(key)} are no array of real numbers.",
            remedy="Give a list of floats, or a numpy array whose last axis is over parameters.",
        ) from None
    if not np.isfinite(array).all():
        raise InvalidCall(
            f"The values of {_listed(key)} are not all finite.",
            remedy="Look at what computes them: an optimiser may have diverged.",
        )
    return array


def _shape(arrays: Mapping[tuple[str, ...], NDArray[np.float64]]) -> tuple[int, ...]:
    shapes = {
        array.shape[:-1]
        if len(key) != 1 or (array.shape and array.shape[-1] == 1)
        else array.shape: key
        for key, array in arrays.items()
    }
    if len(shapes) > 1:
        told = ", ".join(f"{shape} for {_listed(key)}" for shape, key in shapes.items())
        raise InvalidCall(
            f"The parameters' values have several shapes: {told}.",
            remedy="Give all of them the same shape, besides the last axis.",
        )
    return next(iter(shapes), ())


def _refuse_shape(key: tuple[str, ...], shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    last = f", but the last axis has length {shape[-1]}" if shape else ", but there is one number"
    raise InvalidCall(
        f"There are {len(key)} parameters ({_listed(key)}){last}.",
        remedy=f"Give an array of shape {(*wanted, len(key))}.",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(str, names[:8]))
    return f"{shown}, …" if len(names) > 8 else shown or "none"
