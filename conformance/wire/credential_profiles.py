"""Access keys from the file that Alibaba Cloud's credentials library for Python reads.

The file is ``~/.alibabacloud/credentials.ini``, or what the variable
``ALIBABA_CLOUD_CREDENTIALS_FILE`` names; a section is a profile (credentials-python,
provider ``profile``).  Only profiles that hold a key are understood: the other types
name a role, for which the library asks a service.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from conformance.wire.credentials import ACCESS_KEY_ID, ACCESS_KEY_SECRET, CredentialsError

FILE_VARIABLE = "ALIBABA_CLOUD_CREDENTIALS_FILE"
_TYPE = "access_key"
_MEMBERS = {ACCESS_KEY_ID: "access_key_id", ACCESS_KEY_SECRET: "access_key_secret"}


def profile_file(environment: Mapping[str, str]) -> Path:
    """Where profiles are looked for."""
    named = environment.get(FILE_VARIABLE)
    return Path(named) if named else Path.home() / ".alibabacloud" / "credentials.ini"


def read_profile(name: str, path: Path) -> dict[str, str]:
    """The key of a profile, under the names of the variables that the official SDKs read.

    Raises :class:`CredentialsError`, whose message quotes nothing of the file.
    """
    # A percent sign in a secret is no reference to another member.
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CredentialsError(
            f"The file of profiles {path} cannot be read: {problem.strerror}."
        ) from problem
    except (configparser.Error, UnicodeDecodeError):
        # The parser's own message quotes the line, which may be the secret's.
        raise CredentialsError(f"The file of profiles {path} is not an INI file.") from None
    if not parser.has_section(name):
        raise CredentialsError(f"The file of profiles {path} has no profile {name!r}.")
    # As the library reads it, a value ends before the first hash sign.
    values = {member: value.partition("#")[0].strip() for member, value in parser.items(name)}
    if values.get("type") != _TYPE:
        raise CredentialsError(
            f"The profile {name!r} in {path} is not of the type {_TYPE}: for a role, give --credentials-chain "
            f"instead, with ALIBABA_CLOUD_PROFILE={name} in the environment."
        )
    missing = [member for member in _MEMBERS.values() if not values.get(member)]
    if missing:
        raise CredentialsError(f"The profile {name!r} in {path} has no {missing[0]}.")
    return {variable: values[member] for variable, member in _MEMBERS.items()}
