"""`python -m hub`: what ./loa runs."""

import sys

from hub.cli import main

sys.exit(main(sys.argv[1:]))
