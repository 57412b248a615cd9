// Command faultproxy stands between parts of Pirogue and breaks their connections on
// purpose: latency, resets, black holes, slow bodies. It is Toxiproxy behind its HTTP
// API, on the loopback interface only, and ends when its parent does.
//
// It is a module of its own because it is for tests only, and brings modules that the
// product must never link.
package main

import (
	"flag"
	"io"
	"log"
	"net"
	"os"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8474", "where the API of the proxy listens")
	flag.Parse()
	host, port, err := net.SplitHostPort(*addr)
	if err != nil {
		log.Fatal(err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		log.Fatalf("%s is not a loopback address, and nobody is authenticated", *addr)
	}
	go exitWithParent()
	zerolog.SetGlobalLevel(zerolog.FatalLevel) // what is broken on purpose is no news
	toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.New(os.Stderr)).Listen(host, port)
}

// exitWithParent ends the process once nobody holds its standard input.
func exitWithParent() {
	io.Copy(io.Discard, os.Stdin) // however it ends, the parent is gone
	os.Exit(0)
}
