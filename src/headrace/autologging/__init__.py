"""Autologging: what users' own calls of a library are recorded as. The engine, and one room per library."""
