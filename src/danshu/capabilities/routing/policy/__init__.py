"""Policy 策略: what the business says of routing, as graphs that people draw.

`model` the sets, `fields` what they may look at, `expressions` what their cells may say, `lint`
whether they mean what they say, `engine` a set at work on one snapshot, `effects` what comes out.
"""
