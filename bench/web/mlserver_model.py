"""What a person writes for MLServer: a runtime that scores with ONNX Runtime. MODEL comes from the environment."""

import os

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        given = payload.inputs[0]
        outputs = self.session.run(None, {given.name: NumpyCodec.decode_input(given)})
        names = [output.name for output in self.session.get_outputs()]
        encoded = [NumpyCodec.encode_output(name, output) for name, output in zip(names, outputs)]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=encoded)
