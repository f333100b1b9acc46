"""ONNX graphs of the teachers: cut, given further outputs, and run."""

from __future__ import annotations

import onnx
import onnxruntime

from tools.teacher_speech.pruning import prune


def cut(model: onnx.ModelProto, outputs: list[str]) -> onnx.ModelProto:
    """The model with these outputs, less every node, weight and input that none of them needs.

    Raises:
        ValueError: If an output has no node.
    """
    nodes, needed = prune(model.graph.node, outputs)
    graph = onnx.helper.make_graph(
        nodes,
        model.graph.name,
        [value for value in model.graph.input if value.name in needed],
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
