// Package filelock locks files over processes.
package filelock
