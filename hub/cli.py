"""The command line: every module in `hub/commands` is one command, and only the chosen one is imported."""

import argparse
import ast
import importlib
from collections.abc import Sequence
from pathlib import Path

COMMANDS = Path(__file__).parent / "commands"


def command_help() -> dict[str, str]:
    """Return each command's name and its HELP line, read without importing anything."""
    return {
        path.stem.replace("_", "-"): _help_line(path)
        for path in sorted(COMMANDS.glob("*.py"))
        if not path.stem.startswith("_")
    }


def _help_line(path: Path) -> str:
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="HELP")], value=ast.Constant(value=str(text))):
                return text
    return ""


def main(argv: Sequence[str]) -> int:
    """Run the command named first in `argv` and return its exit code."""
    parser = argparse.ArgumentParser(prog="loa", description="Loa: trung tâm truyền thanh cơ sở.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="LỆNH")
    for name, line in command_help().items():
        command = commands.add_parser(name, help=line, description=line)
        if argv and argv[0] == name:
            module = importlib.import_module(f"hub.commands.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args(argv)
    return int(args.run(args))
