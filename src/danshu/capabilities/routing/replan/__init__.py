"""Replan 重排: all open orders decided at once, and the shadow prices 影子价 of that."""
