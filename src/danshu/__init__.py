"""单枢 Danshu: an order decision hub."""
