"""``sign``: prints the headers of a signature, for ``curl -H @-``.

The curl lines of a report call it, so that they can be repeated at any time and
contain no secret.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import requests
from requests.structures import CaseInsensitiveDict

from conformance.commands.arguments import PROGRAM, Arguments
from conformance.commands.keys import add_key_options, keys_for
from conformance.options import UsageError, option_called
from conformance.validation import account_number, region_id
from conformance.wire.signing import HeaderSignature

_PRINTED = ("Authorization", "Date", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token")


def main(arguments: Sequence[str]) -> int:
    """Sign one request now; the secret itself is never printed."""
    parser = Arguments("sign", usage=f"{PROGRAM} sign --method METHOD [OPTIONS]")
    parser.add_argument("--method", required=True, help="HTTP method of the request")
    parser.add_argument("--bucket", help="bucket of the request (none: the service itself)")
    parser.add_argument("--query", default="", help="query string exactly as it is sent")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="header that is signed too; may be repeated",
    )
    parser.add_options(map(option_called, ("--region", "--account-id")))
    add_key_options(parser)
    options = parser.parse(arguments)
    region = region_id(options.region or os.environ.get("OSS_REGION"))
    account = account_number(
        options.account_id or os.environ.get("OSS_ACCOUNT_ID"), needed=options.bucket is not None
    )
    request = requests.PreparedRequest()
    request.method = options.method
    request.url = f"http://localhost/?{options.query}" if options.query else "http://localhost/"
    request.headers = CaseInsensitiveDict(map(_header, options.header))
    signed = HeaderSignature(keys_for(options, os.environ), region, account, options.bucket)(request)
    sys.stdout.writelines(f"{name}: {signed.headers[name]}\n" for name in _PRINTED if name in signed.headers)
    return 0


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--header: {text!r} is not of the form 'Name: value'.")
    return name.strip(), value.strip()
