package main

import (
	"net"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The commands of the scripts that stand for systemd.

// listenCmd opens the socket on which a service manager hears what its services say (sd_notify(3)).
func listenCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: listen")
	}
	path := ts.MkAbs("notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	ts.Check(err)
	ts.Defer(func() { socket.Close() })
	sessionOf(ts).notify = socket
	ts.Setenv("NOTIFY_SOCKET", path)
}

func notifiedCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: notified STATE")
	}
	socket := sessionOf(ts).notify
	ts.Check(socket.SetReadDeadline(time.Now().Add(endTime)))
	said := make([]byte, 4096)
	n, err := socket.Read(said)
	ts.Check(err)
	if got := string(said[:n]); got != args[0] {
		ts.Fatalf("said %q, want %q", got, args[0])
	}
}
