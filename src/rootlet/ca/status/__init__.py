"""What the CA has issued, to look at: a page, metrics, lists."""
