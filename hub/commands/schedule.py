"""`loa schedule expand`: what a recurrence rule means, one occurrence a line."""

import argparse
import sys

from scheduler.errors import BadRule
from scheduler.recurrence import EXPAND_MAX, expand

HELP = "khai triển quy tắc lặp RFC 5545 thành từng lần phát (what a recurrence rule means, one occurrence a line)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a start and a rule."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="VIỆC")
    action = actions.add_parser("expand", help="in các lần phát (print the occurrences)")
    action.add_argument("--dtstart", required=True, help="19970902T090000, 19970902T090000Z, 19970902")
    action.add_argument("--rrule", required=True, help="FREQ=DAILY;COUNT=10")
    action.add_argument("--start-at", default="", help="bỏ qua những lần trước đó (leave out what is earlier)")
    action.add_argument("--limit", type=int, default=EXPAND_MAX, help=f"nhiều nhất (at most; default {EXPAND_MAX})")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the rule could be read."""
    try:
        found = expand(args.rrule, args.dtstart, args.start_at or None, args.limit)
    except BadRule as exc:
        print(f"{exc.in_vietnamese()} ({exc})", file=sys.stderr)
        return 2
    print(*found, sep="\n", end="\n" if found else "")
    return 0
