"""Messages with file descriptors over a Unix stream socket: one JSON object a line."""

from __future__ import annotations

import json
import os
import socket
from collections import deque
from typing import Any

Message = dict[str, Any]

_CHUNK = 64 * 1024
# The kernel passes at most 253 descriptors in one message (unix(7), SCM_MAX_FD).
_MAX_FDS = 253


class Channel:
    """One end of a socket pair. Descriptors arrive in the order of the messages they were sent with."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._received = b""
        self._fds: deque[int] = deque()
        self._unsent = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: Message, fd: int | None = None) -> None:
        """Send all of it, waiting as long as it takes. Raises OSError when the other end is gone."""
        data = _line(message)
        if fd is not None:
            sent = socket.send_fds(self._socket, [data], [fd])
            data = data[sent:]
        self._socket.sendall(data)

    def queue(self, message: Message) -> None:
        """Have `flush` send it without ever waiting."""
        self._unsent += _line(message)

    def flush(self) -> bool:
        """Send what fits now; whether anything is left. Raises OSError when the other end is gone."""
        try:
            while self._unsent:
                sent = self._socket.send(self._unsent, socket.MSG_DONTWAIT)
                self._unsent = self._unsent[sent:]
        except BlockingIOError:
            return True
        return False

    def receive(self) -> list[Message] | None:
        """The messages that one read completes; None when the other end is gone."""
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, _CHUNK, _MAX_FDS)
        except ConnectionError:
            return None
        self._fds.extend(fds)
        if not data:
            return None
        *lines, self._received = (self._received + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def take_fd(self) -> int:
        """The descriptor of the earliest message whose descriptor was not taken yet; the caller closes it."""
        return self._fds.popleft()

    def close(self) -> None:
        """Close the socket and the descriptors that nobody took."""
        self._socket.close()
        while self._fds:
            os.close(self._fds.popleft())


def _line(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
