"""Packages of the program for machines that do not build it: a wheel, a folder, a release."""
