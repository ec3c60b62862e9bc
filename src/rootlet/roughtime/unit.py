"""A systemd unit for a Roughtime server, which may do little else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from rootlet.files import unit_path
from rootlet.roughtime.udp import Address, format_address

__all__ = ["server_unit"]

LOW_PORTS = 1024
HOMES = ("/home", "/root", "/run/user")
"""What ProtectHome= hides."""


def server_unit(
    *,
    program: Path,
    keys: Sequence[Path],
    onlines: Sequence[tuple[Path, Path]],
    address: Address,
    options: Sequence[str],
    metrics: Path | None,
) -> str:
    """The unit's text.

    ``keys`` are long-term keys, ``onlines`` pairs of online key and delegation; ``address`` is what
    it listens on. Secrets are handed over by systemd (LoadCredential=), so that no
    user of the machine needs to read them.
    """
    credentials = [
        (f"key{place}", unit_path(path))
        for place, path in enumerate([*keys, *(online for online, _ in onlines)])
    ]
    words = [unit_path(program), "time", "serve", "--listen", format_address(address)]
    words += [word for name, _ in credentials[: len(keys)] for word in ("--key", f"%d/{name}")]
    for (name, _), (_, delegation) in zip(credentials[len(keys) :], onlines, strict=True):
        words += ["--online", f"%d/{name}", "--delegation", unit_path(delegation)]
    if metrics is not None:
        words += ["--metrics", unit_path(metrics)]
    read = [program, *(delegation for _, delegation in onlines)]
    environment = Environment(
        loader=PackageLoader("rootlet.roughtime", "."),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("unit.service.j2").render(
        command=" ".join([*words, *options]),
        credentials=credentials,
        metrics=None if metrics is None else unit_path(metrics.parent),
        low_port=address[1] < LOW_PORTS,
        in_home=any(str(path).startswith(HOMES) for path in read),
    )
