"""Ownership of data assets 权属 and the licences given on them 授权: who may use what."""
