"""Calls an Open Inference Protocol server with NVIDIA's client, and prints what came back as JSON: client.py HOST:PORT"""

import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1], network_timeout=30)
said = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model ready": client.is_model_ready("tiny"),
    "version ready": client.is_model_ready("tiny", "1"),
    "other ready": client.is_model_ready("other"),
    "server": client.get_server_metadata(),
    "model": client.get_model_metadata("tiny"),
}

rows = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)


def infer(binary_input, binary_output, version="", data=rows):
    given = http.InferInput("x", list(data.shape), "FP32")
    given.set_data_from_numpy(data, binary_data=binary_input)
    wanted = [http.InferRequestedOutput("y", binary_data=binary_output)]
    result = client.infer("tiny", [given], outputs=wanted, model_version=version, request_id="an id")
    return {"y": result.as_numpy("y").tolist(), "id": result.get_response()["id"]}


said["json"] = infer(False, False)
said["binary"] = infer(True, True)
said["mixed"] = infer(True, False, version="1")
large = np.ones((50000, 3), dtype=np.float32)
said["large"] = float(np.sum(infer(True, True, data=large)["y"]))
try:
    infer(True, True, data=np.ones((2, 4), dtype=np.float32))
except InferenceServerException as error:
    said["refused"] = {"status": error.status(), "message": error.message()}
print(json.dumps(said))
