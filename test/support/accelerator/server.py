"""A server of models over gRPC for tests, which shares no code with what it tests.

It speaks TensorFlow Serving's PredictionService (classes of the package tensorflow-protobuf) and the Open Inference
Protocol's GRPCInferenceService (classes of tritonclient), and runs ONNX files of a folder with ONNX Runtime for Python.
It prints one JSON object a line: first its port, then every call. It takes commands in the same form on stdin, and ends
when that is closed.
"""

import argparse
import json
import os
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
import numpy as np
import onnxruntime as ort
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

# TensorFlow's name, numpy's type, the field of TensorProto that holds values
TENSORFLOW = {
    types_pb2.DT_FLOAT: (np.float32, "float_val"),
    types_pb2.DT_DOUBLE: (np.float64, "double_val"),
    types_pb2.DT_INT32: (np.int32, "int_val"),
    types_pb2.DT_UINT8: (np.uint8, "int_val"),
    types_pb2.DT_INT16: (np.int16, "int_val"),
    types_pb2.DT_INT8: (np.int8, "int_val"),
    types_pb2.DT_INT64: (np.int64, "int64_val"),
    types_pb2.DT_BOOL: (np.bool_, "bool_val"),
    types_pb2.DT_UINT16: (np.uint16, "int_val"),
    types_pb2.DT_HALF: (np.float16, "half_val"),
    types_pb2.DT_UINT32: (np.uint32, "uint32_val"),
    types_pb2.DT_UINT64: (np.uint64, "uint64_val"),
}
TENSORFLOW_OF = {np.dtype(kind): code for code, (kind, _) in TENSORFLOW.items()}

# the Open Inference Protocol's name, numpy's type, the field of InferTensorContents
OPEN = {
    "BOOL": (np.bool_, "bool_contents"),
    "INT8": (np.int8, "int_contents"),
    "INT16": (np.int16, "int_contents"),
    "INT32": (np.int32, "int_contents"),
    "INT64": (np.int64, "int64_contents"),
    "UINT8": (np.uint8, "uint_contents"),
    "UINT16": (np.uint16, "uint_contents"),
    "UINT32": (np.uint32, "uint_contents"),
    "UINT64": (np.uint64, "uint64_contents"),
    "FP16": (np.float16, None),
    "FP32": (np.float32, "fp32_contents"),
    "FP64": (np.float64, "fp64_contents"),
}
OPEN_OF = {np.dtype(kind): name for name, (kind, _) in OPEN.items()}


def say(**facts):
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


class Models:
    """ONNX files by name, loaded when they are first asked for; `echo` hands its input `x` on as `y`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.sessions = {}

    def run(self, name, inputs, wanted):
        if name == "echo":
            return {"y": inputs["x"]}
        file = self.folder / f"{name}.onnx"
        if not file.is_file():
            raise KeyError(f"Servable not found for request: Latest({name})")
        if name not in self.sessions:
            self.sessions[name] = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        session = self.sessions[name]
        names = [output.name for output in session.get_outputs()]
        unknown = [one for one in wanted if one not in names]
        if unknown:
            raise ValueError(f"output tensor alias not found in signature: {unknown[0]}")
        texts = {one.name for one in session.get_inputs() if one.type == "tensor(string)"}
        feeds = {
            key: np.array([text.decode() for text in value.ravel()], dtype=object).reshape(value.shape) if key in texts else value
            for key, value in inputs.items()
        }
        return dict(zip(wanted or names, session.run(wanted or None, feeds), strict=True))


class Behaviour:
    """What the next calls do instead of answering, as commands on stdin say."""

    def __init__(self, token, service):
        self.token = token
        self.service = service
        self.fail = None
        self.times = 0
        self.delay = 0.0
        self.die = False
        self.answer = "raw"
        self.lock = threading.Lock()

    def command(self, line):
        with self.lock:
            for key, value in json.loads(line).items():
                setattr(self, key, value)
        say(done=True)

    def before(self, context, method, model):
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        say(call=method, model=model, metadata=metadata)
        with self.lock:
            fail, delay, die = (self.fail if self.times > 0 else None), self.delay, self.die
            self.times -= 1
        if die:
            os._exit(1)
        time.sleep(delay)
        if fail is not None:
            context.abort(grpc.StatusCode[fail], "as the test wants it")
        if self.token is not None and metadata.get("authorization") != f"Bearer {self.token}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Unauthorized")
        if self.service is not None and metadata.get("x-ms-aml-grpc-service-route") != f"/api/v1/service/{self.service}":
            context.abort(grpc.StatusCode.NOT_FOUND, "no service has this route")


def running(context, work):
    try:
        return work()
    except KeyError as error:
        context.abort(grpc.StatusCode.NOT_FOUND, str(error.args[0]))
    except Exception as error:  # noqa: BLE001: whatever the runtime says of an input
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))


def from_tensor_proto(proto):
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.dtype == types_pb2.DT_STRING:
        return np.array(list(proto.string_val), dtype=object).reshape(shape)
    if proto.dtype == types_pb2.DT_BFLOAT16:
        return (np.frombuffer(proto.tensor_content, np.uint16).reshape(shape), "bfloat16")
    return np.frombuffer(proto.tensor_content, TENSORFLOW[proto.dtype][0]).reshape(shape)


def to_tensor_proto(value, answer):
    code = types_pb2.DT_BFLOAT16 if isinstance(value, tuple) else None
    value = value[0] if isinstance(value, tuple) else np.asarray(value)
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in value.shape]
    proto = tensor_pb2.TensorProto(tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dims))
    if value.dtype == object:
        proto.dtype = types_pb2.DT_STRING
        proto.string_val.extend(one if isinstance(one, bytes) else one.encode() for one in value.ravel())
        return proto
    proto.dtype = code or TENSORFLOW_OF[value.dtype]
    if answer == "raw":
        proto.tensor_content = value.tobytes()
        return proto
    field = "half_val" if code else TENSORFLOW[proto.dtype][1]
    flat = value.ravel().view(np.uint16) if field == "half_val" else value.ravel()
    values = flat.tolist()
    # TensorFlow's own writer leaves out the end of a list that repeats its last element
    while len(values) > 1 and values[-1] == values[-2]:
        values.pop()
    getattr(proto, field).extend(values)
    return proto


class Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, models, behaviour):
        self.models = models
        self.behaviour = behaviour

    def Predict(self, request, context):
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        self.behaviour.before(context, "Predict", {"name": spec.name, "version": version, "signature": spec.signature_name})
        inputs = {name: from_tensor_proto(proto) for name, proto in request.inputs.items()}
        outputs = running(context, lambda: self.models.run(spec.name, inputs, list(request.output_filter)))
        response = predict_pb2.PredictResponse(model_spec=spec)
        for name, value in self.bent(outputs).items():
            response.outputs[name].CopyFrom(to_tensor_proto(value, self.behaviour.answer))
        return response

    def bent(self, outputs):
        return bend(outputs, self.behaviour.answer)


class Inference(service_pb2_grpc.GRPCInferenceServiceServicer):
    def __init__(self, models, behaviour):
        self.models = models
        self.behaviour = behaviour

    def ModelInfer(self, request, context):
        self.behaviour.before(context, "ModelInfer", {"name": request.model_name, "version": request.model_version})
        inputs = {
            tensor.name: from_raw(tensor.datatype, list(tensor.shape), raw)
            for tensor, raw in zip(request.inputs, request.raw_input_contents, strict=True)
        }
        wanted = [output.name for output in request.outputs]
        outputs = running(context, lambda: self.models.run(request.model_name, inputs, wanted))
        response = service_pb2.ModelInferResponse(model_name=request.model_name, model_version="1", id=request.id)
        for name, value in bend(outputs, self.behaviour.answer).items():
            add_output(response, name, value, self.behaviour.answer)
        return response


def bend(outputs, answer):
    """Answers that no server should give."""
    if answer == "wrong type":
        return {name: value.astype(np.float64) for name, value in outputs.items()}
    if answer == "wrong shape":
        return {name: value.reshape(-1) for name, value in outputs.items()}
    if answer == "nothing":
        return {f"other_{name}": value for name, value in outputs.items()}
    return outputs


def from_raw(datatype, shape, raw):
    if datatype == "BF16":
        return (np.frombuffer(raw, np.uint16).reshape(shape), "bfloat16")
    if datatype != "BYTES":
        return np.frombuffer(raw, OPEN[datatype][0]).reshape(shape)
    texts, at = [], 0
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 4], "little")
        texts.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    return np.array(texts, dtype=object).reshape(shape)


def add_output(response, name, value, answer):
    datatype = "BF16" if isinstance(value, tuple) else None
    value = value[0] if isinstance(value, tuple) else np.asarray(value)
    output = response.outputs.add(name=name, shape=list(value.shape))
    if value.dtype == object:
        output.datatype = "BYTES"
        texts = [one if isinstance(one, bytes) else one.encode() for one in value.ravel()]
        if answer == "values":
            output.contents.bytes_contents.extend(texts)
        else:
            response.raw_output_contents.append(b"".join(len(one).to_bytes(4, "little") + one for one in texts))
        return
    output.datatype = datatype or OPEN_OF[value.dtype]
    field = None if datatype else OPEN[output.datatype][1]
    if answer == "values" and field is not None:
        getattr(output.contents, field).extend(value.ravel().tolist())
    else:
        response.raw_output_contents.append(value.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", required=True)
    parser.add_argument("--token")
    parser.add_argument("--service")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    options = parser.parse_args()
    behaviour = Behaviour(options.token, options.service)
    models = Models(options.models)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Prediction(models, behaviour), server)
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Inference(models, behaviour), server)
    address = f"127.0.0.1:{options.port}"
    if options.certificate is None:
        port = server.add_insecure_port(address)
    else:
        pair = (Path(options.key).read_bytes(), Path(options.certificate).read_bytes())
        port = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    server.start()
    say(port=port)
    for line in sys.stdin:
        behaviour.command(line)
    server.stop(None)


main()
