"""What the merchant knows about its orders: one file is one asset."""
