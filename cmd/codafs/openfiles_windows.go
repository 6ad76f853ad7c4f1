package main

// openFilesLimit is 0: Windows has none that matters.
func openFilesLimit() int { return 0 }
