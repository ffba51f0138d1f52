"""Receives spans, logs and metrics over OTLP (HTTP with protocol buffers) with OpenTelemetry's own generated classes.

On its output: one line with the port, then one line of JSON for each span, log record and data point, with its signal.
"""

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def value_of(value):
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values)
    if kind == "array_value":
        return [value_of(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


def attributes_of(pairs):
    return {pair.key: value_of(pair.value) for pair in pairs}


def spans_of(request):
    for group in request.resource_spans:
        resource = attributes_of(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield {
                    "signal": "span",
                    "name": span.name,
                    "kind": Span.SpanKind.Name(span.kind),
                    "traceId": span.trace_id.hex(),
                    "spanId": span.span_id.hex(),
                    "parentSpanId": span.parent_span_id.hex(),
                    "startNs": str(span.start_time_unix_nano),
                    "endNs": str(span.end_time_unix_nano),
                    "status": Status.StatusCode.Name(span.status.code),
                    "attributes": attributes_of(span.attributes),
                    "events": [{"name": event.name, "attributes": attributes_of(event.attributes)} for event in span.events],
                    "resource": resource,
                }


def logs_of(request):
    for group in request.resource_logs:
        for scope in group.scope_logs:
            for record in scope.log_records:
                yield {
                    "signal": "log",
                    "body": value_of(record.body),
                    "severity": record.severity_text,
                    "traceId": record.trace_id.hex(),
                    "spanId": record.span_id.hex(),
                    "attributes": attributes_of(record.attributes),
                }


def points_of(request):
    for group in request.resource_metrics:
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points:
                    yield {
                        "signal": "metric",
                        "name": metric.name,
                        "kind": kind,
                        "value": point.as_double,
                        "attributes": attributes_of(point.attributes),
                    }


ROUTES = {
    "/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse, spans_of),
    "/v1/logs": (ExportLogsServiceRequest, ExportLogsServiceResponse, logs_of),
    "/v1/metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse, points_of),
}


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.body()
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path not in ROUTES or self.headers["content-type"] != "application/x-protobuf":
            self.answer(404, b"")
            return
        request_class, response_class, items_of = ROUTES[self.path]
        request = request_class()
        request.ParseFromString(body)
        sys.stdout.write("".join(json.dumps(item) + "\n" for item in items_of(request)))
        sys.stdout.flush()
        self.answer(200, response_class().SerializeToString())

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers["content-length"]))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
