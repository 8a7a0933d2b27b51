"""Python in: find the source of a function, desugar its tree, and run it on abstract values, which writes IR."""
