"""What is asked of Amazon beside SageMaker: who we are, where models and images are kept."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import headrace
from headrace.base import settings
from headrace.base.errors import HeadraceError, NotFound
from headrace.base.ids import new_id

REGION = "us-west-2"
#: The name of the image that serves any model, in a registry of images.
IMAGE = "mlflow-pyfunc"


def client(service: str, region: str | None = None, role: str | None = None) -> Any:
    """A client of a service, as whoever this machine is known as, or in the role with that ARN."""
    try:
        import boto3
    except ModuleNotFoundError as error:
        raise NotFound(
            "Amazon is asked through boto3, which is not installed: pip install 'headrace[sagemaker]'"
        ) from error
    known: dict[str, str] = {}
    if role is not None:
        given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName=f"headrace-{new_id()[:16]}")[
            "Credentials"
        ]
        known = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
    return boto3.client(service, region_name=region, **known)


def is_absence(error: Exception) -> bool:
    """Whether Amazon refused a request because what it names is not there."""
    said = getattr(error, "response", {}).get("Error", {})
    absent = (
        said.get("Code") in ("ValidationException", "ResourceNotFound")
        and "could not find" in said.get("Message", "").lower()
    )
    return absent or said.get("Code") in (
        "404",
        "NoSuchBucket",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
    )


def account(region: str, role: str | None) -> str:
    """The number of the account."""
    found: str = client("sts", region, role).get_caller_identity()["Account"]
    return found


def own_role(region: str, role: str | None) -> str:
    """The ARN of the role that this machine is in, which SageMaker is to take on when none is given."""
    arn: str = client("sts", region, role).get_caller_identity()["Arn"]
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        raise HeadraceError("Give execution_role_arn: the ARN of the role in which SageMaker is to read the model")
    found: str = client("iam", region, role).get_role(RoleName=rest.partition("/")[0])["Role"]["Arn"]
    return found


def own_bucket(region: str, role: str | None) -> str:
    """The bucket for models of this account and region, made when it is not there."""
    from botocore.exceptions import ClientError

    name = f"mlflow-sagemaker-{region}-{account(region, role)}"
    s3 = client("s3", region, role)
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if not is_absence(error):
            raise
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **place)
    return name


def upload(folder: Path, bucket: str, prefix: str, region: str, role: str | None) -> str:
    """Put a model into a bucket as the archive that SageMaker unpacks; its address."""
    key = f"{prefix}/model.tar.gz"
    with TemporaryDirectory(prefix="headrace-sagemaker-") as made:
        archive = Path(made) / "model.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for file in sorted(folder.iterdir()):
                tar.add(file, file.name, filter=_nobodys)
        tagged = {"Tagging": "SageMaker=true"}
        client("s3", region, role).upload_file(str(archive), bucket, key, ExtraArgs=tagged)
    return f"s3://{bucket}/{key}"


def discard(address: str, region: str, role: str | None) -> None:
    """Remove an archive that ``upload`` made."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    client("s3", region, role).delete_object(Bucket=bucket, Key=key)


def own_image(region: str, role: str | None) -> str:
    """The address of the image that ``push_image`` put into the registry of this account."""
    said = settings.text("SAGEMAKER_DEPLOY_IMG_URL")
    if said:
        return said
    from botocore.exceptions import ClientError

    try:
        found = client("ecr", region, role).describe_repositories(repositoryNames=[IMAGE])["repositories"]
    except ClientError as error:
        if not is_absence(error):
            raise
        found = []
    if not found:
        raise NotFound(
            f"There is no image {IMAGE!r} in the registry of this account: push one with 'headrace sagemaker "
            "build-and-push-container', or give image_url"
        )
    return f"{found[0]['repositoryUri']}:{tag()}"


def tag() -> str:
    """The tag of images of this release."""
    return headrace.__version__.replace("+", "-")


def tags_of(said: Mapping[str, Any]) -> list[dict[str, str]]:
    """Tags as Amazon's calls take them."""
    return [{"Key": str(key), "Value": str(value)} for key, value in said.items()]


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """A file of the archive without the name of who packed it; links, which lead elsewhere there, stay out."""
    if member.issym() or member.islnk():
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
