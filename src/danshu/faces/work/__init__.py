"""Workers beside the HTTP nodes: each room is a loop of small steps; one process of each works at
a time.
"""
