"""问单助手 the assistant: question in words -> what is to be looked up -> cited sentences.

`intents` which question it is, by rules; `answers` sentences from what the tools gave; `model` the
data; `marking` texts from outside, marked; `grounding` what a language model wrote, held against
what it cites; `facts` how the assistant was set up.
"""
