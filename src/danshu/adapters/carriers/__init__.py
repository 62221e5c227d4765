"""Adapters of the port carrier_intercept: carriers that are asked to bring a parcel back."""
