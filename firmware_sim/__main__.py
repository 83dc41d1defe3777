"""Run a fleet: python -m firmware_sim --help."""

import sys

from firmware_sim.cli import main

sys.exit(main())
