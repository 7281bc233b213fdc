"""Tests of the packages: `scripts/check` runs them, and with FREEZEWISE_TEST_FULL=1 their long forms."""
