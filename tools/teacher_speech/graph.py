"""ONNX graphs of the teachers: cut, given further outputs, and run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import onnxruntime

from tools.teacher_speech.pruning import prune

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np


def cut(
    model: onnx.ModelProto, outputs: Sequence[str], given: Mapping[str, np.ndarray] | None = None
) -> onnx.ModelProto:
    """The model with these outputs, less every node, weight and input that none of them needs.

    Args:
        model: Left as it is.
        outputs: Names of values inside it.
        given: Values inside it that become inputs, by an example each.

    Raises:
        ValueError: If an output has no node.
    """
    given = given or {}
    nodes, needed = prune(model.graph.node, outputs, given)
    examples = [
        onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), [None] * value.ndim
        )
        for name, value in given.items()
    ]
    graph = onnx.helper.make_graph(
        nodes,
        model.graph.name,
        [*(value for value in model.graph.input if value.name in needed), *examples],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [weight for weight in model.graph.initializer if weight.name in needed],
    )
    return onnx.helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def tell(model: onnx.ModelProto, value: str) -> onnx.ModelProto:
    """The model with a value inside it as a further output."""
    model.graph.output.append(onnx.ValueInfoProto(name=value))
    return model


def start(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A session on one thread: shards are the way to more cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)
