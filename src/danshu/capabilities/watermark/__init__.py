"""Watermarks 水印追踪码: whose copy a table is, carried by digits that nobody needs.

`model` is what a copy was marked with, `codes` a copy's code (Tardos), `cells` reads values as a
file may show them, `embed` marks, `honey` invents rows that name a copy exactly, `finding` finds
the marked columns in a file, `accuse` names copies and bounds the chance of naming a wrong one.
"""
