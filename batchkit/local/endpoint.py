"""The one address of the local stack: sends each request to whoever plays that service.

Batch's data plane, PutEvents and Lambda's Invoke are batchkit's own; everything else is moto's.
"""

from __future__ import annotations

import io
import json
import traceback
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from batchkit.local import guard
from batchkit.local.server import Call, Reply
from batchkit.local.trace import Observer, Trace, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask

    from batchkit.local.backends import Backends
    from batchkit.local.s3_events import S3Events

# What moto does not expect (a bug, a missing feature) answers with a status that no SDK retries: the
# same request would fail the same way, four times slower.
UNEXPECTED_STATUS = 501


class Api(Protocol):
    """A service that batchkit plays itself."""

    def answer(self, call: Call) -> Reply | None:
        """The reply to a request that is this API's; None for any other."""


class Moto:
    """moto's services in process, one lock per service, S3 changes turned into events."""

    def __init__(self, backends: Backends, s3_events: S3Events) -> None:
        self._backends = backends
        self._s3_events = s3_events
        self._app = Services(_flask_app)

    def answer(self, call: Call) -> Reply:
        service = _service_of(call)
        with self._backends.locked(service):
            if service == "s3":
                return self._s3_events.around(call, self._run)
            return self._run(call)

    def _run(self, call: Call) -> Reply:
        chunks, status, headers = run_wsgi_app(self._app, _with_body(call), buffered=True)
        return Reply(int(status.split(" ", 1)[0]), tuple(headers), b"".join(chunks))


class Services(DomainDispatcherApplication):
    """moto's choice of the service, made once a host: it lists moto's folder and tries 100 patterns."""

    def __init__(self, create_app: Callable[[Any], Flask]) -> None:
        super().__init__(create_app)
        self._known = cache(super().get_backend_for_host)

    def get_backend_for_host(self, host: str | None) -> Any:
        return self._known(host)

    def infer_service_region_host(self, environ: dict[str, Any], path: str) -> str | None:
        """None, which is S3, for a request without a signature: its path or body could choose otherwise."""
        signed = "HTTP_AUTHORIZATION" in environ
        return super().infer_service_region_host(environ, path) if signed else None


class Endpoint:
    """Whoever answers a request."""

    def __init__(self, apis: Sequence[Api], moto: Moto, observe: Observer = ignore) -> None:
        self._apis = apis
        self._moto = moto
        self._observe = observe

    def answer(self, call: Call) -> Reply:
        """The reply to any request; an unexpected exception becomes an error that SDKs can read."""
        try:
            return guard.refusal(call) or guard.without_cors(self._ask(call))
        except Exception as error:
            data = {"path": call.path, "traceback": traceback.format_exc()}
            self._observe(Trace("log", f"the endpoint failed: {error!r}", data))
            return failure(call, error)

    def _ask(self, call: Call) -> Reply:
        for api in self._apis:
            reply = api.answer(call)
            if reply is not None:
                return reply
        return self._moto.answer(call)


def failure(call: Call, error: Exception) -> Reply:
    """An unexpected exception as the caller's SDK reads errors: never a traceback page."""
    message = f"{type(error).__name__}: {error}"
    scope = call.scope
    if scope is not None and scope[1] == "cloudformation":
        # A resource that cannot be created is an error of the template, and not worth a retry.
        return _xml(400, "ValidationError", message)
    if scope is not None and "X-Amz-Target" in call.headers:
        body = json.dumps({"__type": "InternalFailure", "message": message}).encode()
        return Reply(UNEXPECTED_STATUS, (("Content-Type", "application/json"),), body)
    return _xml(UNEXPECTED_STATUS, "InternalFailure", message)


def _xml(status: int, code: str, message: str) -> Reply:
    inner = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    body = f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>".encode()
    return Reply(status, (("Content-Type", "text/xml"),), body)


def _service_of(call: Call) -> str:
    # Requests without a signature are S3's: public reads, presigned URLs, browser uploads.
    return call.scope[1] if call.scope is not None else "s3"


def _with_body(call: Call) -> dict[str, Any]:
    environ = {**call.environ, "wsgi.input": io.BytesIO(call.body), "CONTENT_LENGTH": str(len(call.body))}
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return environ


def _flask_app(service: Any) -> Flask:
    app: Flask = create_backend_app(service)
    # `a//b` is a key of its own in S3; werkzeug's router would redirect it to `a/b`.
    app.url_map.merge_slashes = False
    return app
