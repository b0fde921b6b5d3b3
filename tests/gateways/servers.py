# SPDX-License-Identifier: Apache-2.0
# Servers on the loopback: HTTPS that answers what a case says, and ntfy as https://docs.ntfy.sh documents it (publish as
# JSON, publish by the topic's address, subscribe as a JSON stream, access by token), which Debian does not have.
import base64
import contextlib
import http.server
import json
import queue
import ssl
import threading

from stage import CERTIFICATE, KEY


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode(errors="replace")

    def answer(self, status, body, headers=None):
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "Connection": "close", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data)


class Https:
    """Keeps requests, and answers each with the next of `answers`: (status, body) or (status, body, headers)."""

    handler = None

    def __init__(self, certificate=CERTIFICATE, key=KEY):
        self.requests, self.answers, self.closing = [], [], threading.Event()
        outer = self

        class Handler(Quiet):
            def do_POST(self):
                outer.post(self)

            def do_GET(self):
                outer.get(self)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that does not like the certificate goes away
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def post(self, request):
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        self.requests.append({"method": "POST", "path": request.path, "headers": dict(request.headers),
                              "body": request.body(), "basic": base64.b64decode(pair).decode() if kind == "Basic" else ""})
        status, body, *headers = self.answers.pop(0)
        if status != "drip":
            return request.answer(status, body, *headers)
        request.send_response(200)
        request.end_headers()
        with contextlib.suppress(OSError):
            while not self.closing.wait(1):
                request.wfile.write(b" ")
                request.wfile.flush()

    def get(self, request):
        request.answer(404, "")


class Ntfy(Https):
    """Topics that begin with `utmfa-answer-` are written by everybody and read by the token; others are the token's."""

    def __init__(self, token):
        super().__init__()
        self.token, self.lock, self.streams, self.refuses = token, threading.Lock(), {}, None
        self.seen = queue.Queue()  # what apps get: (topic, event)

    def may(self, request, topic, writes):
        if request.headers.get("Authorization") == f"Bearer {self.token}":
            return True
        return writes and topic.startswith("utmfa-answer-")

    def publish(self, topic, event):
        event = {"id": "x", "time": 1, "event": "message", "topic": topic, **event}
        with self.lock:
            for stream in self.streams.get(topic, []):
                stream.put(event)
        self.seen.put((topic, event))
        return event

    def post(self, request):
        body, topic = request.body(), request.path.strip("/")
        event = {"message": body}
        if not topic:
            event = json.loads(body)
            topic = event.pop("topic")
        if self.refuses:
            return request.answer(self.refuses, {"code": self.refuses * 100, "http": self.refuses})
        if not self.may(request, topic, True):
            return request.answer(403, {"code": 40301, "http": 403, "error": "forbidden"})
        return request.answer(200, self.publish(topic, event))

    def get(self, request):
        topic, _, form = request.path.strip("/").partition("/")
        if form != "json" or not self.may(request, topic, False):
            return request.answer(403, {"code": 40301, "http": 403, "error": "forbidden"})
        mine = queue.Queue()
        with self.lock:
            self.streams.setdefault(topic, []).append(mine)
        request.send_response(200)
        request.send_header("Content-Type", "application/x-ndjson")
        request.end_headers()
        event = {"event": "open", "topic": topic}
        with contextlib.suppress(OSError):
            while not self.closing.is_set():
                request.wfile.write(json.dumps(event).encode() + b"\n")
                request.wfile.flush()
                try:
                    event = mine.get(timeout=0.5)
                except queue.Empty:
                    event = {"event": "keepalive", "topic": topic}
        return None
