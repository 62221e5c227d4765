"""订单卓越中心 order COE: goals, KPI trees, the weekly review, backlog, experiments, maturity.

Pure: figures that the hub has read go in, sentences and verdicts come out.
"""
