// 4,000,000 increments under a mutex: by one goroutine, by two on threads of their own, by eight.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

const increments = 4_000_000

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

func run(name string, workers int, pinned bool) {
	start := time.Now()
	var c counter
	var group sync.WaitGroup
	group.Add(workers)
	for w := 0; w < workers; w++ {
		go func() {
			if pinned {
				runtime.LockOSThread()
			}
			c.add(increments / workers)
			group.Done()
		}()
	}
	group.Wait()
	fmt.Println("mutex/"+name, increments, time.Since(start).Nanoseconds(), c.n)
}

func main() {
	run("1", 1, false)
	run("2_threads", 2, true)
	run("8_tasks", 8, false)
}
