"""The order agent's permission 提案与自主: what may be done, who approves it, what it brought.

Pure: the life of a proposal, levels of autonomy and the tests by which they are earned and lost.
"""
