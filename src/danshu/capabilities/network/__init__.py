"""Network 网络: who will be short, what is kept back, what moves where, and what that would do."""
