// Many goroutines wait at once, on one channel or for a moment that is far away.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func resident() int {
	text, _ := os.ReadFile("/proc/self/statm")
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * 4096
}

func run(part string, n int) {
	before := resident()
	start := time.Now()
	limit := time.Duration(6000*n)*time.Nanosecond + 100*time.Millisecond
	gate := make(chan int)
	var arrived atomic.Int64
	var group sync.WaitGroup
	group.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			arrived.Add(1)
			if part == "channel" {
				<-gate
			} else {
				time.Sleep(limit - time.Since(start))
			}
			group.Done()
		}()
	}
	for arrived.Load() < int64(n) {
		time.Sleep(time.Millisecond)
	}
	parked, bytes := time.Since(start), resident()-before
	wake := time.Now()
	if part == "channel" {
		close(gate)
	} else {
		wake = start.Add(limit)
	}
	group.Wait()
	fmt.Printf("parked/%s %d %d %d bytes=%d wake=%d\n", part, n, parked.Nanoseconds(), n, bytes/n, int(time.Since(wake).Nanoseconds())/n)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
