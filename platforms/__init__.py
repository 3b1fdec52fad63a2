"""The adapters, one platform a file; they import nothing of ours but `base`."""
