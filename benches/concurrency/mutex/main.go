// Increments under a mutex: by one goroutine, by two on threads of their own, by eight.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

type counter struct {
	sync.Mutex
	n int
}

func (c *counter) add(times int) {
	for i := 0; i < times; i++ {
		c.Lock()
		c.n++
		c.Unlock()
	}
}

func run(part string, n int) {
	start := time.Now()
	var c counter
	workers := map[string]int{"one": 1, "threads": 2, "tasks": 8}[part]
	var group sync.WaitGroup
	group.Add(workers)
	for w := 0; w < workers; w++ {
		go func() {
			if part == "threads" {
				runtime.LockOSThread()
			}
			c.add(n / workers)
			group.Done()
		}()
	}
	group.Wait()
	fmt.Println("mutex/"+part, n, time.Since(start).Nanoseconds(), c.n)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
