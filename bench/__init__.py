"""The engine and the command: plan, run, clock, score, execute, check.

The top floor: imports all the others. `plan` lists a study's runs, `run` is the protocol of one, `execute` carries
out many; `commands` has one file for each verb of the command line.
"""

DISTRIBUTION = "augbench"
"""Tells this package from a foreign one of the same name."""
