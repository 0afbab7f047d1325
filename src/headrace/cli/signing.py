"""``headrace models sign`` and ``headrace models verify``: who made a model."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.base.errors import BadRequest

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("sign")
@click.option("--model-uri", "-m", required=True, metavar="URI", help="A saved or logged model: a path, models:/m-….")
@click.option("--private-key", "-k", type=_FILE, metavar="FILE", help="An elliptic key, as a PEM file.")
@click.option(
    "--password",
    envvar=["HEADRACE_MODEL_KEY_PASSWORD", "MLFLOW_MODEL_KEY_PASSWORD"],
    help="What the key is encrypted with. Better given by the environment, where no list of processes shows it.",
)
@click.option("--keyless", is_flag=True, help="Sign with an identity of Sigstore: of this machine, or by a browser.")
@click.option(
    "--identity-token",
    envvar=["HEADRACE_MODEL_IDENTITY_TOKEN", "MLFLOW_MODEL_IDENTITY_TOKEN"],
    help="An OpenID token to sign with, for --keyless.",
)
def sign(
    model_uri: str, private_key: Path | None, password: str | None, keyless: bool, identity_token: str | None
) -> None:
    """Sign the files of a model; the signature is the file model.sig among them."""
    from headrace.models.changing import sign_model

    if keyless == (private_key is not None):
        raise BadRequest("Give --private-key or --keyless")
    sign_model(model_uri, private_key, password=password, token=identity_token)
    click.echo(f"The model {model_uri} is signed")


@click.command("verify")
@click.option("--model-uri", "-m", required=True, metavar="URI", help="A model: models:/…, runs:/… or a path.")
@click.option("--public-key", "-k", type=_FILE, metavar="FILE", help="The key of whoever signed it, as a PEM file.")
@click.option("--identity", metavar="NAME", help="Who signed it without a key, such as a mail address.")
@click.option("--issuer", metavar="URL", help="Who vouches for that identity.")
def verify(model_uri: str, public_key: Path | None, identity: str | None, issuer: str | None) -> None:
    """Verify that the files of a model are as somebody signed them; fail when they are not."""
    from headrace.models import signing
    from headrace.models.loading import fetch

    trusted = signing.Trusted(None if public_key is None else str(public_key), identity, issuer)
    signing.verify(fetch(model_uri), trusted)
    click.echo(f"The model {model_uri} is as {identity or 'the owner of the key'} signed it")
