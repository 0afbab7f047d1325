"""``python -m headrace.wire [--check] [ROOT]``: write what is made from the calls into the repository at ROOT."""

from __future__ import annotations

import sys
from pathlib import Path

from headrace.wire import openapi, typescript


def main(arguments: list[str]) -> int:
    """Write the generated files; with ``--check`` only say which ones are not up to date."""
    check = "--check" in arguments
    root = Path(next((each for each in arguments if not each.startswith("-")), "."))
    if not (root / "schemas").is_dir():
        sys.exit(f"{root.resolve()} has no folder 'schemas'; run this in the repository, or name its root")
    made = {
        "schemas/openapi.json": openapi.source(),
        "schemas/calls.ts": typescript.source(),
        "ui/src/generated/calls.ts": typescript.source(),
    }
    stale = [name for name, text in made.items() if not _holds(root / name, text)]
    for name in stale:
        if check:
            print(f"{name} is not up to date; run `python -m headrace.wire`", file=sys.stderr)
            continue
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(made[name], encoding="utf-8")
        print(f"wrote {name}")
    return 1 if check and stale else 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
