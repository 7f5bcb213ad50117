"""Sends recorded requests again, with as little around them as a client can have.

``python -m benchmarks.replay FILE URL``.  How long that takes is the limit of any tool that sends these
requests one after the other: what a run takes longer is its own work.  Nothing is signed, judged or written
down; signatures are those of the recording, which are valid for 15 minutes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks.target import Recorded, load

Send = Callable[[Recorded], int]


def bare(url: str) -> Send:
    """A client of the standard library with one connection."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def send(recorded: Recorded) -> int:
        chunked = any(name == "transfer-encoding" for name, _ in recorded.headers)
        connection.putrequest(recorded.method, recorded.target, skip_host=True, skip_accept_encoding=True)
        for name, value in recorded.headers:
            connection.putheader(name, value.encode("latin-1"))
        # An empty chunked body still has an end that must be sent.
        connection.endheaders(recorded.body if recorded.body or chunked else None, encode_chunked=chunked)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return send


def plain_requests(url: str) -> Send:
    """A session of the requests library, the way most tests in Python talk HTTP."""
    session = requests.Session()
    session.trust_env = False

    def send(recorded: Recorded) -> int:
        answer = session.request(
            recorded.method,
            url + recorded.target,
            headers=dict(recorded.headers),
            data=recorded.body or None,
            allow_redirects=False,
            timeout=30,
        )
        return answer.status_code

    return send


CLIENTS = {"http.client": bare, "requests": plain_requests}


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay a recording and print what it took, as JSON."""
    parser = argparse.ArgumentParser(prog="replay", description="Send recorded requests again.")
    parser.add_argument("recording", type=Path)
    parser.add_argument("url")
    parser.add_argument("--client", choices=CLIENTS, default="http.client")
    options = parser.parse_args(arguments)
    recording = load(options.recording)
    send = CLIENTS[options.client](options.url)
    started, worked = time.perf_counter(), time.process_time()
    same = sum(send(recorded) == recorded.status for recorded in recording)
    told = {
        "requests": len(recording),
        "same_status": same,
        "wall": time.perf_counter() - started,
        "cpu": time.process_time() - worked,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
