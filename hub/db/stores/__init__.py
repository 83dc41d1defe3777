"""Stores over one open transaction: rows in, frozen values out."""
