package cache

// openAtOnce is nothing on Windows, whose named pipes are in no folder of ours.
const openAtOnce = 0
