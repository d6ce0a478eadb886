"""Tests of names and shapes."""
