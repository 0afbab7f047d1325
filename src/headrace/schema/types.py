"""The kinds of field: what a string or number of the protocol may be, said once with its limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

_INT64 = 2**63

Int64 = Annotated[int, Meta(ge=-_INT64, le=_INT64 - 1)]
Millis = Annotated[int, Meta(ge=0, le=_INT64 - 1, description="Milliseconds since the epoch.")]
PageToken = Annotated[str, Meta(max_length=4096, description="Where the page before this one ended.")]

RunId = Annotated[str, Meta(min_length=1, max_length=64, description="Identifier of a run.")]
ExperimentId = Annotated[str, Meta(min_length=1, max_length=32, description="Identifier of an experiment.")]
ModelId = Annotated[str, Meta(min_length=1, max_length=64, description="Identifier of a logged model, m-….")]
EvaluationDatasetId = Annotated[
    str, Meta(min_length=1, max_length=64, description="Identifier of an evaluation dataset, d-….")
]
Version = Annotated[str, Meta(min_length=1, max_length=19, description="Version number of a registered model.")]

#: The very end: ``$`` alone would let a line break follow.
_END = r"$(?!\n)"
#: No control characters and no marks that turn the direction of text around.
_PLAIN = "^[^\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]*" + _END
#: Not blank.
_SPOKEN = "^(?=.*\\S)" + _PLAIN[1:]
#: Keys of metrics, params and run tags are word characters, ``/ . - :`` and space, and are their own normal form as a
#: relative path: no empty, ``.`` or ``..`` segment.
_PATHLIKE = r"^(?!\.\.?(/|$))[\w.\- :]+(/(?!\.\.?(/|$))[\w.\- :]+)*" + _END

_MODEL = "^(?=.*\\S)(?!\\.\\.?$)[^/:%" + _PLAIN[3:]
_LOGGED_MODEL = "^(?=.*\\S)[^/:.%\"'" + _PLAIN[3:]
_ALIAS = r"^[\w-]+" + _END
#: Ids that were given elsewhere, and become names of folders here.
_FOREIGN_ID = r"^[A-Za-z0-9][\w.\-]*" + _END

ExperimentName = Annotated[str, Meta(min_length=1, max_length=500, pattern=_SPOKEN)]
#: Names of registered models: no ``/ : %``.
ModelName = Annotated[str, Meta(min_length=1, max_length=256, pattern=_MODEL)]
#: Names of logged models: no ``/ : . % " '``.
LoggedModelName = Annotated[str, Meta(min_length=1, max_length=500, pattern=_LOGGED_MODEL)]
Name = Annotated[str, Meta(max_length=500, pattern=_PLAIN)]
#: How a thing that exists is asked for by name; a name nobody could have given is simply not found.
LookupName = Annotated[str, Meta(min_length=1, max_length=5000)]

#: Whoever numbers its writes; a store keeps the number of the last one.
Writer = Annotated[str, Meta(max_length=64, description="Who writes. A point that is there already is kept again.")]
Sequence = Annotated[
    int, Meta(ge=0, le=_INT64 - 1, description="Number of this write among those of its writer; a resend is no write.")
]

Key = Annotated[str, Meta(min_length=1, max_length=250, pattern=_PATHLIKE)]
#: The key of one of many records; it is held against the pattern once, not with every record that has it.
ListedKey = Annotated[str, Meta(min_length=1, max_length=250, extra_json_schema={"pattern": _PATHLIKE})]
TagKey = Annotated[str, Meta(min_length=1, max_length=250, pattern=_SPOKEN)]
#: Values are kept whole up to these lengths, in characters, and refused beyond; none is ever cut.
ParamValue = Annotated[str, Meta(max_length=100_000)]
TagValue = Annotated[str, Meta(max_length=100_000)]
Description = Annotated[str, Meta(max_length=100_000)]
Location = Annotated[str, Meta(max_length=2000)]
Filter = Annotated[str, Meta(max_length=65_536, description="A filter in the search language.")]
OrderBy = Annotated[list[Annotated[str, Meta(max_length=1024)]], Meta(max_length=32)]
#: As many as a search through all experiments names.
ExperimentIds = Annotated[list[ExperimentId], Meta(max_length=20_000)]
Alias = Annotated[str, Meta(min_length=1, max_length=255, pattern=_ALIAS)]
ForeignId = Annotated[str, Meta(min_length=1, max_length=64, pattern=_FOREIGN_ID, description="Id given elsewhere.")]

ViewType = Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]
RunStatus = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
LoggedModelStatus = Literal[
    "LOGGED_MODEL_STATUS_UNSPECIFIED", "LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"
]
ModelVersionStatus = Literal["PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY"]


def zero() -> Any:
    """A field that is 0 unless given, and is written even then."""
    return msgspec.field(default_factory=int)


#: What each pattern above asks for, to finish the sentence "<field> must …".
RULES = {
    _PLAIN: "have no control characters",
    _SPOKEN: "not be blank and have no control characters",
    _PATHLIKE: "be of letters, digits, '_ - . : /' and spaces, without empty, '.' or '..' parts between slashes",
    _MODEL: "not be blank, '.' or '..', and have no '/', ':', '%' or control characters",
    _LOGGED_MODEL: "not be blank and have no '/ : . % \" '' or control characters",
    _ALIAS: "be of letters, digits, '_' and '-'",
    _FOREIGN_ID: "be of letters, digits, '_', '-' and '.', and begin with a letter or digit",
}
