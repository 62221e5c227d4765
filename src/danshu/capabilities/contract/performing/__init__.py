"""做动作: who does a contract action, on which evidence, and what they sign for it. Pure."""
