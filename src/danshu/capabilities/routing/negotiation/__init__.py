"""Negotiation 双向协商: a contract net with expiry around a decision, never inside one. Pure."""
