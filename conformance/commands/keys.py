"""Access keys of the small commands, ``sign`` and ``sweep``: the options of ``run``, and their environment variables."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from conformance.commands.arguments import Arguments
from conformance.configuration import switched_on
from conformance.options import Option, UsageError, option_called
from conformance.validation import uses_chain
from conformance.wire.chain import default_chain
from conformance.wire.credential_profiles import profile_file, read_profile
from conformance.wire.credentials import Credentials, CredentialsError, from_environment

_PROFILE, _CHAIN = option_called("--credentials-profile"), option_called("--credentials-chain")
KEY_OPTIONS: tuple[Option, ...] = (_PROFILE, _CHAIN)


def add_key_options(parser: Arguments) -> None:
    """Declare the options that say where keys come from."""
    parser.add_options(KEY_OPTIONS)


def keys_for(options: argparse.Namespace, environment: Mapping[str, str]) -> Credentials:
    """The key to sign with; raises :class:`UsageError` when there is none or it is unusable.

    What the command line says goes before the variables of the options, as in ``run``.
    """
    chain, profile = options.credentials_chain, options.credentials_profile
    if not chain and profile is None:
        chain = switched_on(_CHAIN, environment)
        profile = environment.get(_PROFILE.environment) or None
    chain = uses_chain(chain, profile)
    try:
        if chain:
            return default_chain().current()
        if profile is not None:
            return _needed(from_environment(read_profile(profile, profile_file(environment))))
        return _needed(from_environment(environment))
    except CredentialsError as problem:
        flag = _CHAIN.flag if chain else _PROFILE.flag if profile is not None else ""
        raise UsageError(f"{flag}: {problem}" if flag else str(problem)) from problem


def _needed(found: Credentials | None) -> Credentials:
    if found is None:
        raise UsageError("Credentials are missing: set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.")
    return found
