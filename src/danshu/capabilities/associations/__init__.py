"""Associations 关联 and what is done about them: which goods follow which, and does telling help.

`model` rules and campaigns, `significance` what chance alone would give, `rules` counts -> rules,
`trial` treated against held out, `decide` what a campaign may do, `facts` what it says.
"""
