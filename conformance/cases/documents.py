"""Policy and logging documents that the bucket operations are tested with."""

from __future__ import annotations

import json
from typing import Any


def policy(action: str = "oss:PutVectors", resource: str = "acs:ossvector:*:*:*") -> dict[str, Any]:
    """A policy that allows one action to a user of a foreign account (PutBucketPolicy page, Vector bucket example)."""
    return {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [action],
                "Principal": ["1234567890"],
                "Resource": [resource],
            }
        ],
    }


def policy_text(action: str = "oss:PutVectors") -> bytes:
    """The policy as text whose blanks and member order a careless service would change."""
    return json.dumps(policy(action), indent=1).encode().replace(b"\n", b" ", 2)


def odd_policy_text(action: str = "oss:GetVectors") -> bytes:
    """A policy as an editor on another system may leave it: line ends, a blank line on top, escapes, blanks at the end."""
    text = json.dumps(policy(action), indent=4).replace("Vectors", "\\u0056ectors")
    return f"\n{text}\n  ".replace("\n", "\r\n").encode()


#: Logging settings; the target is a plain OSS bucket (PutBucketLogging page, Request elements).
LOGGING: dict[str, Any] = {
    "BucketLoggingStatus": {
        "LoggingEnabled": {
            "TargetBucket": "conformance-logs",
            "TargetPrefix": "MyLog-conformance",
            "LoggingRole": "AliyunOSSLoggingDefaultRole",
        }
    }
}
