"""A collector of OTLP over HTTP, by the messages of the PyPI package opentelemetry-proto. Prints its port, then each span as JSON.

Requests whose path begins with /broken are answered with 503."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        broken = self.path.startswith("/broken")
        if not broken:
            assert self.path == "/v1/traces", self.path
            assert self.headers["content-type"] == "application/x-protobuf"
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                about = {one.key: value(one.value) for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        print(
                            json.dumps(
                                {
                                    "resource": about,
                                    "scope": scope.scope.name,
                                    "name": span.name,
                                    "kind": span.kind,
                                    "trace": span.trace_id.hex(),
                                    "span": span.span_id.hex(),
                                    "parent": span.parent_span_id.hex(),
                                    "nanos": span.end_time_unix_nano - span.start_time_unix_nano,
                                    "status": span.status.code,
                                    "attributes": {one.key: value(one.value) for one in span.attributes},
                                }
                            ),
                            flush=True,
                        )
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(503 if broken else 200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Collector)
print(server.server_address[1], flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
