"""Azure's unmodified Python client: does each thing once, and says so in one line of JSON each."""
import json
import sys
import threading

from azure.iot.device import IoTHubDeviceClient, IoTHubModuleClient, Message, MethodResponse

kind, connection_string, ca_file = sys.argv[1:4]
with open(ca_file, encoding="utf-8") as file:
    ca = file.read()


def say(**what):
    print(json.dumps(what), flush=True)


make = IoTHubModuleClient if kind == "module" else IoTHubDeviceClient
client = make.create_from_connection_string(connection_string, server_verification_cert=ca)
done = threading.Event()


def on_method(request):
    client.send_method_response(MethodResponse.create_from_method_request(request, 207, {"was": request.payload}))
    say(method=request.name, payload=request.payload)


def on_desired(patch):
    say(desired=patch)
    if patch.get("finish"):
        done.set()


def on_message(message):
    say(message=message.data.decode(), properties=message.custom_properties)


client.connect()
client.on_method_request_received = on_method
client.on_twin_desired_properties_patch_received = on_desired
client.on_message_received = on_message
message = Message(json.dumps({"from": "python"}), content_encoding="utf-8", content_type="application/json")
message.custom_properties["language"] = "python"
client.send_message(message)
client.patch_twin_reported_properties({"language": "python"})
say(twin=client.get_twin())
done.wait(30)
client.shutdown()
