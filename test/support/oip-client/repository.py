"""Loads, unloads and counts models of a server with NVIDIA's clients, over HTTP and over gRPC, and prints what came back as JSON: repository.py HTTP GRPC KEY SECOND_KEY"""

import json
import sys

import numpy as np
import tritonclient.grpc as grpc
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

HTTP, GRPC, KEY, SECOND = sys.argv[1:5]
over_http = http.InferenceServerClient(HTTP, network_timeout=60)
over_grpc = grpc.InferenceServerClient(GRPC)


def bearer(key=KEY):
    # the HTTP client puts headers of its own into what it is given
    return {"authorization": f"Bearer {key}"}


def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return {"status": str(error.status()), "message": error.message()}


def states(client):
    index = client.get_model_repository_index(headers=bearer())
    rows = index if isinstance(index, list) else [{"name": model.name, "version": model.version, "state": model.state} for model in index.models]
    return {f"{row['name']}:{row['version']}": row["state"] for row in rows}


def infer(client, module, name):
    given = module.InferInput("x", [2, 3], "FP32")
    given.set_data_from_numpy(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32))
    return client.infer(name, [given], headers=bearer()).as_numpy("y").tolist()


def counts(client):
    found = client.get_inference_statistics("tiny", headers=bearer())
    row = found["model_stats"][0] if isinstance(found, dict) else found.model_stats[0]
    if isinstance(row, dict):
        stats = row["inference_stats"]
        return [int(row["inference_count"]), int(row["execution_count"]), int(stats["success"]["count"]), int(stats["fail"]["count"]), int(stats["compute_infer"]["ns"]) > 0]
    return [row.inference_count, row.execution_count, row.inference_stats.success.count, row.inference_stats.fail.count, row.inference_stats.compute_infer.ns > 0]


said = {}
for name, client, module in (("http", over_http, http), ("grpc", over_grpc, grpc)):
    seen = said[name] = {}
    seen["start"] = states(client)
    seen["not loaded"] = refusal(lambda: infer(client, module, "other"))
    seen["not ready"] = client.is_model_ready("other", headers=bearer())
    seen["second key"] = refusal(lambda: client.load_model("other", headers=bearer(SECOND)))
    client.load_model("other", headers=bearer())
    seen["loaded"] = states(client)
    seen["ready"] = client.is_model_ready("other", headers=bearer())
    seen["scored"] = [infer(client, module, "tiny"), infer(client, module, "other")]
    client.unload_model("other", headers=bearer())
    seen["unloaded"] = states(client)
    seen["broken"] = refusal(lambda: client.load_model("broken", headers=bearer()))
    seen["unknown"] = refusal(lambda: client.load_model("nothing", headers=bearer()))
    seen["config"] = refusal(lambda: client.load_model("other", headers=bearer(), config="{}"))
    seen["counts"] = counts(client)
print(json.dumps(said))
