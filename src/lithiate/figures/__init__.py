"""Figures of results: functions that take data in SI and return matplotlib figures in the units of print.

Nothing here keeps pyplot state, so figures may be made in any thread and need no display.
"""
