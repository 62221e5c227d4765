"""Forecasting 预测: demand per place and SKU as a mean and calibrated quantiles. Pure."""
