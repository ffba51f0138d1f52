"""A baseline of the face detection: a module written the usual way in Python, with Azure's client and a run in the handler.

MODEL names the model; the variables of a module say where it joins.
"""

import base64
import json
import os
import threading

import numpy as np
import onnxruntime
import paho.mqtt.client as paho
from azure.iot.device import IoTHubModuleClient, Message, MethodResponse

connect = paho.Client.connect


def connect_to_port(client, host, port=8883, *rest, **options):
    """Azure's client knows port 8883 alone; the simulator's is behind the name."""
    name, _, own_port = host.partition(":")
    return connect(client, name, *rest, **{**options, "port": int(own_port or port)})


paho.Client.connect = connect_to_port

session = onnxruntime.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])
client = IoTHubModuleClient.create_from_edge_environment()


def handle(message):
    grey = np.frombuffer(base64.b64decode(json.loads(message.data)["image"]), dtype=np.uint8)
    plane = ((grey.astype(np.float32) - 127) / 128).reshape(1, 1, 240, 320)
    outputs = session.run(["scores"], {session.get_inputs()[0].name: np.repeat(plane, 3, axis=1)})
    faces = int((outputs[0][0, :, 1] > 0.7).sum())
    answer = Message(json.dumps({"faces": faces}), message_id=message.message_id)
    client.send_message_to_output(answer, "amlOutput")


def answer_method(request):
    client.send_method_response(MethodResponse.create_from_method_request(request, 200))


client.on_message_received = handle
client.on_method_request_received = answer_method
client.connect()
print(json.dumps({"msg": "joined edgeHub"}), flush=True)
threading.Event().wait()
