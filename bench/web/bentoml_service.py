"""What a person writes for BentoML. MODEL comes from the environment."""

import os

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Scorer:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name

    @bentoml.api
    def score(self, data: list[list[float]]) -> dict:
        rows = np.array(data, dtype=np.float32)
        return {"predictions": self.session.run(None, {self.name: rows})[0].tolist()}
