"""Scores one row with the model "affine" over gRPC with NVIDIA's client, and prints what came back as JSON: grpc_once.py HOST:PORT"""

import json
import sys

import numpy as np
import tritonclient.grpc as grpc

client = grpc.InferenceServerClient(sys.argv[1])
row = np.array([[1, 2, 3]], dtype=np.float32)
given = grpc.InferInput("x", [1, 3], "FP32")
given.set_data_from_numpy(row)
result = client.infer("affine", [given], client_timeout=30)
print(json.dumps({"live": client.is_server_live(), "ready": client.is_server_ready(), "y": result.as_numpy("y").tolist()}))
