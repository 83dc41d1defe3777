"""Write limits.py and limits.h from limits.json:  python devices/protocol/spec/generate.py"""

import json
from pathlib import Path

SPEC = Path(__file__).parent
HEAD = "generated from spec/limits.json by spec/generate.py; change it there"


def python(limits: dict[str, dict[str, int | str]]) -> str:
    """Return the text of limits.py."""
    lines = [f"{name.upper()} = {entry['value']}  # {entry['why']}" for name, entry in limits.items()]
    return f'"""Every maximum of the wire contract; {HEAD}."""\n\n' + "\n".join(lines) + "\n"


def header(limits: dict[str, dict[str, int | str]]) -> str:
    """Return the text of limits.h."""
    lines = [f"#define LOA_{name.upper()} {entry['value']}LL /* {entry['why']} */" for name, entry in limits.items()]
    return f"/* {HEAD} */\n#ifndef LOA_LIMITS_H\n#define LOA_LIMITS_H\n" + "\n".join(lines) + "\n#endif\n"


def main() -> None:
    """Write both files beside their source."""
    limits = json.loads((SPEC / "limits.json").read_text("utf-8"))
    (SPEC.parent / "limits.py").write_text(python(limits), "utf-8")
    (SPEC / "limits.h").write_text(header(limits), "utf-8")


if __name__ == "__main__":
    main()
