"""Who may have which part of an asset, for what, how strongly made unrecognisable. Pure."""
