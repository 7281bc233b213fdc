"""Packages of the program: a wheel, a bundle (a relocatable folder), and a release."""
