"""The same for a large tensor: its bytes in, the bytes of the first output out. MODEL and SHAPE come from the environment."""

import os

import numpy as np
import onnxruntime
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

SHAPE = [int(size) for size in os.environ["SHAPE"].split(",")]


def init():
    global session, name
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name


@rawhttp
def run(request: AMLRequest):
    data = np.frombuffer(request.get_data(), dtype=np.float32).reshape(SHAPE)
    return AMLResponse(session.run(None, {name: data})[0].tobytes(), 200)
