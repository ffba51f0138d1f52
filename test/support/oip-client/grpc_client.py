"""Calls an Open Inference Protocol server with NVIDIA's gRPC client, and prints what came back as JSON: grpc_client.py HOST:PORT"""

import json
import queue
import sys

import numpy as np
import tritonclient.grpc as grpc
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

client = grpc.InferenceServerClient(sys.argv[1])
timeout = 30
said = {
    "live": client.is_server_live(client_timeout=timeout),
    "ready": client.is_server_ready(),
    "model ready": client.is_model_ready("tiny"),
    "version ready": client.is_model_ready("tiny", "1"),
    "server": client.get_server_metadata(as_json=True),
    "model": client.get_model_metadata("tiny", as_json=True),
    "index": client.get_model_repository_index(as_json=True),
}


def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}


def inputs_of(data):
    given = grpc.InferInput("x", list(data.shape), "FP32")
    given.set_data_from_numpy(data)
    return [given]


def infer(data, version="", **options):
    result = client.infer("tiny", inputs_of(data), model_version=version, client_timeout=timeout, **options)
    return {"y": result.as_numpy("y").tolist(), "id": result.get_response().id}


rows = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
said["raw"] = infer(rows, version="1", request_id="an id", outputs=[grpc.InferRequestedOutput("y")])
large = np.ones((50000, 3), dtype=np.float32)
said["large"] = float(np.sum(infer(large)["y"]))
said["other model"] = refusal(lambda: client.infer("other", inputs_of(rows)))
said["wrong shape"] = refusal(lambda: infer(np.ones((2, 4), dtype=np.float32)))

# elements in the message itself, as clients without numpy send them
listed = service_pb2.ModelInferRequest(model_name="tiny", id="listed")
tensor = listed.inputs.add(name="x", datatype="FP32", shape=[1, 3])
tensor.contents.fp32_contents.extend([1, 2, 3])
answer = client._client_stub.ModelInfer(listed, timeout=timeout)
said["listed"] = np.frombuffer(answer.raw_output_contents[0], dtype=np.float32).tolist()

# a stream: answers in the order of the requests, and one that fails does not end it
came = queue.Queue()
client.start_stream(lambda result, error: came.put((result, error)))
for number in range(20):
    width = 4 if number == 7 else 3
    data = np.full((1, width), number, dtype=np.float32)
    client.async_stream_infer("tiny", inputs_of(data), request_id=str(number))
stream = []
for number in range(20):
    result, error = came.get(timeout=timeout)
    stream.append(error.message()[:40] if error else [result.get_response().id, result.as_numpy("y")[0].tolist()])
client.stop_stream()
said["stream"] = stream
print(json.dumps(said))
