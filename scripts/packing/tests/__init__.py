"""Tests of the packages, run by `scripts/check`; FREEZEWISE_TEST_FULL=1 includes the long tests."""
