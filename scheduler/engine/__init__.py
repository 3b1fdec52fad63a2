"""Publishing: claims, attempts, the journal, the clock and the daemon. Returns results and prints nothing."""
