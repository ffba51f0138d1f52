"""What a person writes for azureml-inference-server-http, after Azure ML's own examples: JSON rows in, JSON out. MODEL comes from the environment."""

import json
import os

import numpy as np
import onnxruntime


def init():
    global session, name
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name


def run(body):
    data = np.array(json.loads(body)["data"], dtype=np.float32)
    return {"predictions": session.run(None, {name: data})[0].tolist()}
